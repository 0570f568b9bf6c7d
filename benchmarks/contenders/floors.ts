/** What no parser can undercut: looking at the chunks' lengths, and moving their bytes once. */
import type { Feed, Works } from './contender.js'
import type { Tally } from '../tally.js'

export const countFloor: Works = {
  floor: {
    kind: 'push',
    open: (tally: Tally): Feed => ({
      push(chunk) {
        tally.bytes += chunk.length
      },
      end() {},
    }),
  },
}

export const copyFloor: Works = {
  floor: {
    kind: 'push',
    open(tally: Tally): Feed {
      const target = new Uint8Array(65_536)
      return {
        push(chunk) {
          target.set(chunk)
          tally.bytes += chunk.length
        },
        end() {},
      }
    },
  },
}
