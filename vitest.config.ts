import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type InlineConfig, type TestSpecification } from 'vitest/node'

/** What is packed and what is documented: `npm run package-check`, since each loads a compiler and the whole of its input. */
const PACKAGING = ['test/packaging/{tarball,docblocks}.test.ts']

/**
 * Each of these files has a process of its own, because it measures memory, mocks a module or is long.
 * The others share a few processes, which saves them from starting Node and from importing the package each for itself;
 * `test/helpers/leaves-nothing.ts` holds them to leaving nothing behind there.
 */
const ALONE = [
  'test/memory/**/*.test.ts',
  'test/consumer/{model-*,kill,cuts,live,lifecycle}.test.ts',
]

/** The files with a process of their own first: they take longest, and a shared process ends with the last shared file. */
class AloneFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isAlone = ({ project }: TestSpecification): boolean => project.config.isolate
    return [...sorted.filter(isAlone), ...sorted.filter((file) => !isAlone(file))]
  }
}

const COMMON = {
  pool: 'forks',
  // Vitest leaves a core free, which on a machine of two is half of it; and one file or other always waits
  maxWorkers: 1 + Math.max(2, availableParallelism()),
  // Tests of memory growth call gc() instead of hoping for a collection
  execArgv: ['--expose-gc'],
  // For what hangs, not for what is slow: on a machine that has others to serve, two seconds are soon twenty
  testTimeout: 60_000,
  hookTimeout: 120_000,
  setupFiles: ['test/helpers/fixed-seed.ts'],
  restoreMocks: true,
  unstubEnvs: true,
  unstubGlobals: true,
} satisfies InlineConfig

export default defineConfig({
  test: {
    sequence: { sequencer: AloneFirst },
    globalSetup: ['test/helpers/announce-media.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html'],
    },
    projects: [
      { test: { ...COMMON, name: 'packaging', include: PACKAGING, isolate: true } },
      { test: { ...COMMON, name: 'alone', include: ALONE, isolate: true } },
      {
        test: {
          ...COMMON,
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [...PACKAGING, ...ALONE],
          isolate: false,
          setupFiles: [...COMMON.setupFiles, 'test/helpers/leaves-nothing.ts'],
        },
      },
    ],
  },
})
