// The engine is a plain Node process: what the editor's own runtime left in the environment would change what it is.

const UNWANTED = [
  /^ELECTRON_/i,
  /^NODE_OPTIONS$/i,
  // Handles of the parent's own IPC channel and cluster.
  /^NODE_CHANNEL_/i,
  /^NODE_UNIQUE_ID$/i,
  /^VSCODE_(IPC_HOOK|NODE_OPTIONS|ESM_ENTRYPOINT|HANDLES_)/i,
];

/** A copy without what is the editor's own. */
export function cleanEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !UNWANTED.some((pattern) => pattern.test(name))),
  );
}
