/** The TCP connection under a response: what a fault does to it, and when it is gone. */
import type { ServerResponse } from 'node:http'
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

/** Whether nothing can reach the client any more. */
export function isGone(response: ServerResponse): boolean {
  return response.destroyed || response.req.socket.destroyed
}

/**
 * Calls back once, when the response is over or its connection is closed; returns how to stop it.
 * Node tells a response nothing of its connection while it waits for the one before it to end.
 */
export function onceGone(response: ServerResponse, callback: () => void): () => void {
  const { socket } = response.req
  const forget = (): void => {
    response.off('close', onClose)
    socket.off('close', onClose)
  }
  const onClose = (): void => {
    forget()
    callback()
  }
  response.on('close', onClose)
  socket.on('close', onClose)
  return forget
}
