// Which way imports may go. dependency-cruiser checks it in `npm run check`; docs/extension.md and docs/engine.md draw it.

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-file-circles',
      comment: 'Files that import each other cannot be read, tested or moved one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-folder-circles',
      comment: 'A folder is a room with one way in: move what both need into a third one.',
      scope: 'folder',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-vscode-in-engine',
      comment: 'The engine runs outside the editor.',
      severity: 'error',
      from: { path: '^engine/' },
      to: { path: '^vscode$|@types/vscode/|^extension/', reachable: true },
    },
    {
      name: 'no-onnxruntime-in-extension',
      comment: 'Inference runs in the engine process.',
      severity: 'error',
      from: { path: '^extension/' },
      to: { path: 'onnxruntime', reachable: true },
    },
    {
      name: 'extension-to-engine-by-protocol',
      comment:
        'The extension knows the engine by its protocol, its errors, its client, the rules of what may be read, how texts are parsed, which names languages have, how answers are marked, when ghost text is asked for, its tools for agents, and which models come with it.',
      severity: 'error',
      from: { path: '^extension/' },
      to: {
        path: '^engine/',
        pathNot:
          '^engine/(deadline|errors|protocol)\\.ts$|^engine/(ghost|privacy|rpc|syntax)/|^engine/(hub/included|tools/toolInput|candidates/quality/(verdict|duplicate|names))\\.ts$',
      },
    },
    {
      name: 'inner-rooms-know-no-outer-ones',
      comment: 'A folder inside a room is used by the room, not the other way round.',
      severity: 'error',
      from: { path: '^extension/([^/]+)/[^/]+/' },
      to: { path: '^extension/$1/[^/]+\\.ts$' },
    },
    {
      name: 'settings-are-ground',
      comment: 'Every room reads its settings, so they know no room.',
      severity: 'error',
      from: { path: '^extension/settings\\.ts$' },
      to: { path: '^extension/' },
    },
    {
      name: 'nothing-imports-the-composition',
      comment: 'palimpsest.ts puts the rooms together; what a room needs is passed to it.',
      severity: 'error',
      from: { path: '^extension/.+/' },
      to: { path: '^extension/(palimpsest|requests|extension)\\.ts$' },
    },
    {
      name: 'no-tests-in-product',
      comment: 'What ships knows nothing of tests and benches.',
      severity: 'error',
      from: { path: '^(engine|extension)/' },
      to: { path: '^(test|bench|scripts)/' },
    },
  ],
  options: {
    // TypeScript 7 has no API that dependency-cruiser could read it with.
    parser: 'swc',
    // Types count: a circle of types is a circle for whoever reads.
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.d.ts', '.mjs', '.js', '.json'] },
  },
};
