// An install in a process of its own, to be killed. Its model is bytes without a meaning, so nothing looks into them.
import { install } from '../../../engine/hub/install';
import { networkOf } from '../../../engine/hub/network';
import { catalogueModel } from './installing';

async function main(): Promise<void> {
  const [models = '', cache = '', rangeBytes = ''] = process.argv.slice(2);
  const model = await install(catalogueModel(), {
    models,
    cache,
    network: networkOf(process.env, '1.2.3'),
    confirm: () => {},
    inspect: async () => ({ family: { id: 'dreamon' } }),
    rangeBytes: Number(rangeBytes),
  });
  process.stdout.write(model.place);
}

main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
