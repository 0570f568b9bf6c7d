import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A child process per file: suites that measure memory or start servers do not see each other
    pool: 'forks',
    // Vitest leaves a core free, which on a machine of two is half of it
    maxWorkers: Math.max(2, availableParallelism()),
    // Tests of memory growth call gc() instead of hoping for a collection
    execArgv: ['--expose-gc'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    globalSetup: ['test/helpers/announce-media.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reporter: ['text-summary', 'html'],
    },
  },
})
