// Requests to this very server, by the session cookie.

/** What the server refused, or that it could not be reached. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Gives the parsed answer, or null where there is none. */
export async function call(method, path, body) {
  const options = { method, credentials: "same-origin", headers: {} };
  if (body !== undefined) {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused(0, "unreachable", "The server cannot be reached. Look at your connection and try again.");
  }
  const text = await response.text();
  let answer = null;
  try {
    answer = text === "" ? null : JSON.parse(text);
  } catch {
    throw new Refused(response.status, "no_json", "Something between here and the server answered in its place.");
  }
  if (!response.ok) {
    throw new Refused(response.status, answer?.code ?? "unknown", answer?.message ?? "The server refused.");
  }
  return answer;
}
