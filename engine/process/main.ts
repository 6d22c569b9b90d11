// Entry of dist/engine.js. The runtime and all that it needs is imported when the first model is loaded, so that the
// process answers at once; where a server answers, it is not imported at all.
import { runAs } from './entry';

void runAs(process.argv.slice(2), async (params, context) => {
  if (params.server !== undefined) {
    const { connectServer } = await import('../remote/connect');
    return connectServer(params.folder, params.server, context, process.env);
  }
  const { loadModel } = await import('../loadModel');
  return loadModel(params, context);
});
