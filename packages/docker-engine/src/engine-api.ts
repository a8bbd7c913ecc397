import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { DockerError } from './errors.ts';
import { type GradualList, type ListShape, readGradually } from './gradual-list.ts';
import { askUnixServer, openUnixReply, type UnixReply, type UnixRequest } from './unix-http.ts';

/** An engine, and the version of the API that is spoken with it. */
export interface EngineVersion {
  /** Of the engine, such as `28.5.2`. */
  readonly release: string;
  /** The newest one that both sides know, such as `1.51`. */
  readonly apiVersion: string;
}

/** What is asked of the engine. */
export interface EngineRequest {
  readonly method?: UnixRequest['method'];
  /** Without the version, with query. */
  readonly path: string;
  /** What the engine is asked for, in error messages. */
  readonly what: string;
  readonly signal?: AbortSignal | undefined;
}

/** The API versions whose replies this client was written for: Docker 1.12, and Docker 28.5. */
const OLDEST_API = '1.24';
const NEWEST_API = '1.51';

const PING_TIMEOUT_MS = 1_000;

/** Source: Docker Engine API, SystemVersion. */
const systemVersion = z.object({
  Version: z.string(),
  ApiVersion: z.string().regex(/^\d+\.\d+$/),
  MinAPIVersion: z
    .string()
    .regex(/^\d+\.\d+$/)
    .optional(),
});
const refusal = z.object({ message: z.string() });

/** Requests to one engine, all in the API version that is agreed with it before the first. */
export class EngineApi {
  readonly #socketPath: string;
  readonly #timeoutMs: number;
  #version: EngineVersion | undefined;

  /** @param timeoutMs how long the engine may be silent */
  constructor(socketPath: string, timeoutMs: number) {
    this.#socketPath = socketPath;
    this.#timeoutMs = timeoutMs;
  }

  /** Agreed with the engine once, and again after it was away or refused the version. @throws DockerError */
  async version({ what, signal }: Pick<EngineRequest, 'what' | 'signal'>): Promise<EngineVersion> {
    try {
      this.#version ??= await this.#negotiate(signal);
      return this.#version;
    } catch (error) {
      throw error instanceof DockerError ? error : this.unreachable(what, (error as Error).message, error);
    }
  }

  /** The engine may be another release from now on. */
  forgetVersion(): void {
    this.#version = undefined;
  }

  /** Carries out a request. @throws DockerError DOCKER_UNREACHABLE, DOCKER_UNSUPPORTED */
  async ask(request: EngineRequest): Promise<UnixReply> {
    const reply = await this.#ask(request);
    if (!isOtherVersion(reply)) return reply;
    this.forgetVersion();
    return await this.#ask(request);
  }

  /** Asks for what has this shape; `whenMissing` stands for what the engine does not have. */
  async get<T>(request: EngineRequest, shape: z.ZodType<T>, whenMissing?: T): Promise<T> {
    const reply = await this.ask(request);
    if (reply.status === 404 && whenMissing !== undefined) return whenMissing;
    const parsed = shape.safeParse(reply.body);
    if (reply.status !== 200 || !parsed.success) throw this.unreachable(request.what, `it answered ${reply.status}`);
    return parsed.data;
  }

  /** Asks for a list that may be long, which is read as it comes; undefined: the engine does not have it. @throws DockerError */
  async list<T, R>(request: EngineRequest, shape: ListShape<T, R>): Promise<GradualList<T, R> | undefined> {
    let reply = await this.#begin(request);
    if ('body' in reply && isOtherVersion(reply)) {
      this.forgetVersion();
      reply = await this.#begin(request);
    }
    if (!('body' in reply)) return await this.#read(reply, request, shape);
    if (reply.status === 404) return undefined;
    throw this.unreachable(request.what, `it answered ${reply.status}`);
  }

  /** Opens a reply that is read as it comes. @throws DockerError */
  async open(request: EngineRequest): Promise<IncomingMessage> {
    const reply = await this.#begin(request);
    if (!('body' in reply)) return reply;
    this.forgetVersion();
    throw this.refused(request.what, reply);
  }

  /** Whether the engine has started: before that it accepts connections and is silent. Never rejects. */
  async isUp(): Promise<boolean> {
    const ping = { socketPath: this.#socketPath, method: 'GET', path: '/_ping', timeoutMs: PING_TIMEOUT_MS } as const;
    return await askUnixServer(ping).then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** The engine could not be asked for something of its own, such as `containers`. */
  unreachable(what: string, reason: string, cause?: unknown): DockerError {
    return new DockerError(
      'DOCKER_UNREACHABLE',
      `Docker cannot be asked for its ${what} at ${this.#socketPath} (${reason}): name its socket with --docker-socket`,
      { cause },
    );
  }

  /** The engine's own words for what it does not do. */
  refused(what: string, { status, body }: UnixReply): DockerError {
    const { data } = refusal.safeParse(body);
    if (data === undefined) return this.unreachable(what, `it answered ${status}`);
    return new DockerError('DOCKER_REFUSED', `Docker refuses what is asked of its ${what}: ${data.message}`);
  }

  async #ask(request: EngineRequest): Promise<UnixReply> {
    const addressed = await this.#addressed(request);
    return await askUnixServer(addressed).catch((error: unknown) => {
      throw this.#lost(request.what, error);
    });
  }

  /** The reply as it comes; whole if it says that there is nothing to read. */
  async #begin(request: EngineRequest): Promise<IncomingMessage | UnixReply> {
    const reply = await openUnixReply(await this.#addressed(request)).catch((error: unknown) => {
      throw this.#lost(request.what, error);
    });
    if (reply.statusCode === 200) return reply;
    return { status: reply.statusCode ?? 0, body: await json(reply).catch(() => undefined) };
  }

  async #read<T, R>(
    reply: IncomingMessage,
    { what }: EngineRequest,
    shape: ListShape<T, R>,
  ): Promise<GradualList<T, R>> {
    try {
      return await readGradually(reply, shape);
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof z.ZodError) throw this.unreachable(what, 'it answered 200');
      throw this.#lost(what, error);
    }
  }

  async #addressed({ method = 'GET', path, what, signal }: EngineRequest): Promise<UnixRequest> {
    const { apiVersion } = await this.version({ what, signal });
    const versioned = `/v${apiVersion}${path}`;
    return { socketPath: this.#socketPath, method, path: versioned, timeoutMs: this.#timeoutMs, signal };
  }

  #lost(what: string, error: unknown): DockerError {
    this.forgetVersion();
    return this.unreachable(what, (error as Error).message, error);
  }

  /** Source: Docker Engine API, "Versioning"; `/version` is one of the paths that go on without a version. */
  async #negotiate(signal: AbortSignal | undefined): Promise<EngineVersion> {
    const request = { method: 'GET', path: '/version', timeoutMs: this.#timeoutMs, signal } as const;
    const { status, body } = await askUnixServer({ socketPath: this.#socketPath, ...request });
    const { data } = systemVersion.safeParse(body);
    if (status !== 200 || data === undefined) throw new Error(`it answered ${status}`);
    const { Version: release, ApiVersion: newest, MinAPIVersion: oldest = newest } = data;
    if (isNewer(OLDEST_API, newest) || isNewer(oldest, NEWEST_API)) {
      const versions = `${oldest} to ${newest}; routed speaks ${OLDEST_API} to ${NEWEST_API}`;
      throw new DockerError('DOCKER_UNSUPPORTED', `Docker ${release} speaks versions ${versions} of its API`);
    }
    return { release, apiVersion: isNewer(newest, NEWEST_API) ? NEWEST_API : newest };
  }
}

/** Docker has been replaced by another release since the version was agreed. Source: moby daemon/server/middleware/version.go. */
function isOtherVersion({ status, body }: UnixReply): boolean {
  return status === 400 && /client version \S+ is too (new|old)/.test(refusal.safeParse(body).data?.message ?? '');
}

function isNewer(version: string, other: string): boolean {
  return rankOf(version) > rankOf(other);
}

function rankOf(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return 1_000 * major + minor;
}
