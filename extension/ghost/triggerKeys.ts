// The keys of ghost text by name. Which of them a person has goes by the machine at which they sit, and the editor tells an extension
// only of the machine on which that runs.

const KEYS = 'Alt+\\, Shift+Alt+T';
const MAC_KEYS = '⌥\\, ⌃⌘T';

/** `isNear`: whether the extension runs where the person sits; else both are named, for nothing tells them apart. */
export function triggerKeys(platform: NodeJS.Platform, isNear: boolean): string {
  if (isNear) return platform === 'darwin' ? MAC_KEYS : KEYS;
  return `${KEYS}; macOS: ${MAC_KEYS}`;
}
