// Asks the server; every failure becomes one sentence that may be shown as it is.

export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly code: string,
  ) {
    super(message);
  }
}

/** What the server says at `path`, as JSON. Throws `ApiError` with the server's own sentence, or an AbortError. */
export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await answer(path, { headers: { accept: "application/json" } }, signal)).json() as Promise<T>;
}

/** The bytes at `path`. */
export async function getBuffer(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
  return (await answer(path, {}, signal)).arrayBuffer();
}

/** Sends `body` as JSON and gives what the server answers. */
export async function postJson<T>(path: string, body: unknown, signal?: AbortSignal): Promise<T> {
  const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return (await answer(path, options, signal)).json() as Promise<T>;
}

/** `path` with those of `values` that say something. */
export function withQuery(path: string, values: Record<string, string | number | boolean | null | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === null || value === undefined || value === "" || value === false) continue;
    query.set(name, value === true ? "1" : String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** The sentence to show for whatever was thrown; null for a request that was called off. */
export function sentence(error: unknown): string | null {
  if (error instanceof DOMException && error.name === "AbortError") return null;
  return error instanceof Error ? error.message : String(error);
}

async function answer(path: string, options: RequestInit, signal?: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, signal ? { ...options, signal } : options);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(
      "The server does not answer. Is it still running? Start it again, then reload this page.",
      0,
      "unreachable",
    );
  }
  if (!response.ok) throw await complaint(response);
  return response;
}

async function complaint(response: Response): Promise<ApiError> {
  let said: { error?: { message?: unknown; code?: unknown } } = {};
  try {
    said = await response.json();
  } catch {
    said = {}; // a proxy's page, or nothing: the status must do
  }
  const message =
    typeof said.error?.message === "string"
      ? said.error.message
      : `The server answered ${response.status} (${response.statusText}).`;
  return new ApiError(message, response.status, typeof said.error?.code === "string" ? said.error.code : "");
}
