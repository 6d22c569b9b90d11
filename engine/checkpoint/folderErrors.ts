// A person may have several model folders, and a message about "config.json" does not say which: every error about a
// folder's content leaves through here.
import { EngineError, isEngineError } from '../errors';

/** What `read` gives. Its errors name the folder: those that say the path, or carry it as data, do so already. */
export async function namingFolder<T>(folder: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!isEngineError(error) || error.data['folder'] !== undefined || error.message.includes(folder))
      throw error;
    throw new EngineError(error.code, `${folder}: ${error.message}`, error.data, { cause: error });
  }
}
