import {
  ApiException,
  CoordinationV1Api,
  CoreV1Api,
  createConfiguration,
  KubeConfig,
  ServerConfiguration,
} from '@kubernetes/client-node';
import { CODES } from '../../protocol/codes.ts';

/** A request that is not answered within this is given up; the server may still carry it out. */
const REQUEST_TIMEOUT_MS = 5000;

export interface KubernetesApi {
  core: CoreV1Api;
  coordination: CoordinationV1Api;
}

/** The API server of the cluster in which this pod runs, or that of KUBECONFIG. It is not asked anything yet. */
export function openKubernetesApi(): KubernetesApi {
  const access = new KubeConfig();
  access.loadFromDefault();
  const configuration = createConfiguration({
    baseServer: new ServerConfiguration(access.getCurrentCluster()!.server, {}),
    authMethods: { default: access },
    promiseMiddleware: [
      {
        async pre(request) {
          request.setSignal(AbortSignal.timeout(REQUEST_TIMEOUT_MS));
          return request;
        },
        post: async (response) => response,
      },
    ],
  });
  return { core: new CoreV1Api(configuration), coordination: new CoordinationV1Api(configuration) };
}

export function isNotFound(error: unknown): boolean {
  return error instanceof ApiException && error.code === CODES.not_found.code;
}

/** Somebody wrote in between. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiException && error.code === CODES.conflict.code;
}

/** The library's errors hold headers and the whole answer; a log wants what the server said. */
export async function said<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ApiException)) throw error;
    const { message } = (error.body ?? {}) as { message?: string };
    throw new Error(`the API server answered ${error.code}: ${message ?? 'nothing'}`);
  }
}
