// Ordinary Matroska: every Cluster is a fragment. GetMedia's rule is tested in test/tags.
import { describe, expect, it } from 'vitest'
import { concat, EBML_HEADER, element, openElement, tagsOf } from '../helpers/ebml-bytes.js'
import { everyCut, everySplit } from '../helpers/every-split.js'
import { hex } from '../helpers/hex.js'
import { outline, parse, segmentOf } from './fragment-harness.js'

describe('a Matroska file', () => {
  // Segment of known size; Info, Tracks; two Clusters, the second with a BlockGroup; Cues; Tags.
  const file = hex(`
    1A45DFA3 8B 4282 88 'matroska'   # 0
    18538067 C4                      # 16, 68 bytes
      1549A966 87 2AD7B1 83 0F4240   # 21
      1654AE6B 85 AE 83 D7 81 01     # 33
      1F43B675 8F                    # 43
        E7 81 64                     # 48
        A3 84 81 0000 80             # 51
        A3 84 81 0005 00             # 57
      1F43B675 8B                    # 63
        E7 81 C8                     # 68
        A0 86 A1 84 81 0000 00       # 71
      1C53BB6B 80                    # 79
      1254C367 80                    # 84, up to 89`)

  it('gives a fragment for each Cluster, with what follows it up to the next', () => {
    everySplit(file, (chunks) => {
      const parsed = parse(chunks)
      expect(outline(parsed)).toEqual([
        ['0+63 complete', '1@100K ', '1@105 '],
        ['63+26 complete', '1@200K '],
      ])
      expect(parsed.fragments[0]).toMatchObject({ timestampMs: 100, timestampNs: 100_000_000n })
      expect(parsed.fragments[1]).toMatchObject({ timestampMs: 200, timestampNs: 200_000_000n })
    })
  })

  it('gives each fragment the tracks, the Info and the DocType', () => {
    for (const fragment of parse(file).fragments) {
      expect(fragment.docType).toBe('matroska')
      expect(fragment.info?.timestampScale).toBe(1_000_000)
      expect(fragment.tracks.map(({ number }) => number)).toEqual([1])
      expect(fragment).toMatchObject({ hasCluster: true, metadata: undefined, tags: [] })
    }
  })

  it('may be cut at any byte: whole frames are there, the last fragment says why it is not', () => {
    everyCut(file, (head) => {
      const { fragments, failure } = parse(head)
      expect(failure).toBeUndefined()
      const { length } = head
      if (length === 0 || length === 16) {
        expect(fragments).toEqual([])
        return
      }
      // A Cluster of known size that was read to its end is complete, whatever is cut behind it.
      const isComplete = (length >= 63 && length < 68) || length >= 79
      const last = fragments[fragments.length - 1]
      expect(last.incompleteReason).toBe(isComplete ? undefined : 'truncated')
      expect(last.offset + last.byteLength).toBe(length)
      const frames = fragments.flatMap((fragment) => fragment.frames)
      expect(frames).toHaveLength([57, 63, 79].filter((end) => length >= end).length)
      expect(fragments).toHaveLength(length >= 68 ? 2 : 1)
    })
  })
})

describe('documents that follow each other', () => {
  it('are fragments from header to header', () => {
    const one = segmentOf('1F43B675 FF E7 81 01 A3 84 81 0000 80')
    const two = concat(EBML_HEADER, element('18538067', '1F43B675 83 E7 81 02'))
    everySplit(concat(one, two, one), (chunks) => {
      expect(outline(parse(chunks))).toEqual([
        ['0+35 complete', '1@1K '],
        ['35+29 complete'],
        ['64+35 complete', '1@1K '],
      ])
    })
  })

  it('have a DocType, Info and Tracks of their own', () => {
    const webm = hex("1A45DFA3 87 4282 84 'webm' 18538067 FF 1F43B675 80")
    const bare = hex('1A45DFA3 80 18538067 FF 1F43B675 80')
    const { fragments } = parse([segmentOf('1549A966 80', '1F43B675 80'), webm, bare])
    expect(fragments.map(({ docType }) => docType)).toEqual(['matroska', 'webm', undefined])
    expect(fragments.map(({ info }) => info !== undefined)).toEqual([true, false, false])
  })

  it('may have an EBML header of three elements, or more', () => {
    const bytes = hex("1A45DFA3 8F 4286 81 01 4282 84 'webm' 4287 81 04 18538067 FF 1F43B675 80")
    expect(parse(bytes).fragments[0].docType).toBe('webm')
  })

  it('may have Voids between them, which are no fragments', () => {
    const open = segmentOf('1F43B675 80')
    const known = concat(EBML_HEADER, '18538067 85 1F43B675 80')
    everySplit(concat(known, 'EC 82 0000', open, known, 'EC 80'), (chunks) => {
      const { fragments } = parse(chunks)
      expect(fragments.map(({ offset }) => offset)).toEqual([0, 30, 56])
      expect(fragments.map(({ isComplete }) => isComplete)).toEqual([true, true, true])
    })
  })

  it('may be a Segment alone after the first: the producer restarted', () => {
    const restart = concat(
      segmentOf(element('1654AE6B', 'AE 83 D7 81 01'), '1F43B675 FF E7 81 01 A3 84 81 0000 80'),
      '18538067 FF',
      '1F43B675 FF E7 81 02 A3 84 82 0000 80',
    )
    everySplit(restart, (chunks) => {
      const parsed = parse(chunks)
      expect(outline(parsed)).toEqual([
        ['0+45 complete', '1@1K '],
        ['45+19 complete', '2@2K '],
      ])
      expect(parsed.fragments.map(({ tracks }) => tracks.length)).toEqual([1, 0])
      expect(parsed.fragments.map(({ docType }) => docType)).toEqual(['matroska', 'matroska'])
    })
  })
})

describe('a document without a Cluster', () => {
  it('is a fragment that is not complete when it has headers or tags', () => {
    for (const part of ['1549A966 80', '1654AE6B 80', tagsOf(['END', '1'])]) {
      everySplit(segmentOf(part), (chunks) => {
        const { fragments } = parse(chunks)
        expect(fragments).toHaveLength(1)
        expect(fragments[0]).toMatchObject({
          offset: 0,
          incompleteReason: 'missing-cluster',
          hasCluster: false,
          timestampMs: undefined,
          timestampNs: undefined,
          frames: [],
        })
      })
    }
  })

  it('is nothing when there is nothing in it', () => {
    for (const bytes of [
      EBML_HEADER,
      segmentOf(),
      concat(EBML_HEADER, '18538067 80'),
      segmentOf('EC 81 00', '4100 80', '114D9B74 80'),
      concat(EBML_HEADER, EBML_HEADER, 'EC 80'),
    ]) {
      everySplit(bytes, (chunks) => expect(parse(chunks).fragments).toEqual([]))
    }
  })

  it('does not swallow the document after it', () => {
    const bytes = concat(segmentOf(tagsOf(['END', '1'])), segmentOf('1F43B675 80'))
    everySplit(bytes, (chunks) => {
      const { fragments } = parse(chunks)
      expect(fragments.map(({ incompleteReason }) => incompleteReason)).toEqual([
        'missing-cluster',
        undefined,
      ])
      expect(fragments[0].tags.map(({ name }) => name)).toEqual(['END'])
      expect(fragments[1].tags).toEqual([])
    })
  })
})

describe('a Cluster', () => {
  it('may be empty, and without a Timestamp', () => {
    const { fragments } = parse(segmentOf('1F43B675 80', '1F43B675 FF', '1F43B675 82 E7 80'))
    expect(fragments.map(({ timestampMs }) => timestampMs)).toEqual([0, 0, 0])
    expect(fragments.every(({ isComplete, hasCluster }) => isComplete && hasCluster)).toBe(true)
  })

  it('has the tags before it and the tags after it, each with its position', () => {
    const bytes = segmentOf(tagsOf(['A', '1']), '1F43B675 80', tagsOf(['B', '2']), '1F43B675 80')
    everySplit(bytes, (chunks) => {
      const [first, second] = parse(chunks).fragments
      expect(first.tags.map(({ name, position }) => [name, position])).toEqual([
        ['A', 'before'],
        ['B', 'after'],
      ])
      expect(second.tags).toEqual([])
    })
  })

  it('of unknown size that is cut between two elements has ended: nothing says otherwise', () => {
    const bytes = segmentOf(openElement('1F43B675', 1, 'E7 81 01', 'A3 84 81 0000 80'))
    expect(outline(parse(bytes))).toEqual([['0+35 complete', '1@1K ']])
    everyCut(bytes, (head) => {
      const { fragments } = parse(head)
      if ([0, 16, 21].includes(head.length)) expect(fragments).toEqual([])
      else expect(fragments[0].isComplete).toBe([26, 29].includes(head.length))
    })
  })
})

describe('a block that was cut', () => {
  const block = 'A3 87 81 0003 80 AABBCC'

  it('is the truncated frame with the bytes that came, and not among the frames', () => {
    const bytes = segmentOf(openElement('1F43B675', 1, 'E7 81 01', block, block))
    everySplit(bytes.slice(0, -1), (chunks) => {
      expect(outline(parse(chunks))).toEqual([['0+46 truncated', '1@4K AABBCC', 'cut: 1@4K AABB']])
    })
    everySplit(bytes.slice(0, -3), (chunks) => {
      expect(outline(parse(chunks))).toEqual([['0+44 truncated', '1@4K AABBCC', 'cut: 1@4K ']])
    })
    // Not even its header came.
    everySplit(bytes.slice(0, -4), (chunks) => {
      expect(outline(parse(chunks))).toEqual([['0+43 truncated', '1@4K AABBCC']])
    })
  })

  it('is the truncated frame when it is its BlockGroup that was cut', () => {
    const group = element('A0', 'A1 86 81 0003 00 AABB', 'FB 81 FF')
    const bytes = segmentOf(openElement('1F43B675', 1, 'E7 81 01', group))
    everySplit(bytes.slice(0, -3), (chunks) => {
      expect(outline(parse(chunks))).toEqual([['0+39 truncated', 'cut: 1@4K AABB']])
    })
  })

  it('is no frame when it is laced: where its frames lie cannot be told', () => {
    const bytes = segmentOf(openElement('1F43B675', 1, 'E7 81 01', 'A3 87 81 0003 84 01 AABB'))
    everySplit(bytes.slice(0, -1), (chunks) => {
      expect(parse(chunks).fragments[0].truncatedFrame).toBeUndefined()
    })
  })
})

describe('what is of no use in a stream', () => {
  it('is stepped over: SeekHead, Cues, Chapters, Attachments, whatever is in them', () => {
    const junk = '00FFFFFF00FF'
    const bytes = segmentOf(
      element('114D9B74', junk),
      element('1C53BB6B', junk),
      element('1043A770', junk),
      element('1941A469', junk),
      element('1F43B675', 'E7 81 07', element('5854', junk), 'A3 84 81 0000 80'),
    )
    everySplit(bytes, (chunks) => {
      expect(outline(parse(chunks))).toEqual([[`0+${bytes.length} complete`, '1@7K ']])
    })
  })
})
