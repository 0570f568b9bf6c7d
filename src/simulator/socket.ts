/** What a fault does to a TCP connection. */
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** Resets a connection (RST), or closes it (FIN) whatever HTTP would still have to say on it. */
export function cutSocket(socket: Socket, how: 'reset' | 'fin'): void {
  if (how === 'fin') {
    socket.end()
    return
  }
  // A TLS socket has no handle to reset; closing it without a close_notify is as rude.
  if (socket instanceof TLSSocket) socket.destroy()
  else socket.resetAndDestroy()
}
