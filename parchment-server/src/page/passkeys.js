// Passkeys (WebAuthn level 3): options as the server sends them, answers as it takes them.

import { call } from "./server.js";

/** Whether passkeys of this server can be used on this page: its host is the rp id, or below it. */
export function arePossible() {
  const rpId = document.documentElement.dataset.rpId;
  const host = location.hostname;
  return "credentials" in navigator && "PublicKeyCredential" in window
    && (host === rpId || host.endsWith(`.${rpId}`));
}

/** Makes a passkey and registers it. */
export async function register(name) {
  const options = await call("POST", "/auth/passkeys/register/options");
  const publicKey = { ...options, challenge: bytes(options.challenge), extensions: extensions(options) };
  publicKey.user = { ...options.user, id: bytes(options.user.id) };
  publicKey.excludeCredentials = descriptors(options.excludeCredentials);
  const credential = await navigator.credentials.create({ publicKey });
  const { response } = credential;
  const answer = {
    ...common(credential),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      attestationObject: text(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
  if (name !== "") answer.name = name;
  return call("POST", "/auth/passkeys/register/verify", answer);
}

/** Signs in with whichever passkey the person chooses. */
export async function signIn() {
  const options = await call("POST", "/auth/passkeys/authenticate/options");
  const publicKey = { ...options, challenge: bytes(options.challenge), extensions: extensions(options) };
  publicKey.allowCredentials = descriptors(options.allowCredentials);
  const credential = await navigator.credentials.get({ publicKey });
  const { response } = credential;
  return call("POST", "/auth/passkeys/authenticate/verify", {
    ...common(credential),
    response: {
      clientDataJSON: text(response.clientDataJSON),
      authenticatorData: text(response.authenticatorData),
      signature: text(response.signature),
      userHandle: response.userHandle ? text(response.userHandle) : null,
    },
  });
}

function common(credential) {
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    clientExtensionResults: withoutSecrets(credential.getClientExtensionResults()),
  };
}

/** The output of the PRF extension unlocks the person's master key: it never leaves the browser. */
function withoutSecrets(results) {
  const { prf, ...others } = results;
  return prf?.enabled === undefined ? others : { ...others, prf: { enabled: prf.enabled } };
}

function extensions({ extensions: wanted }) {
  const first = wanted?.prf?.eval?.first;
  return first === undefined ? wanted : { ...wanted, prf: { eval: { first: bytes(first) } } };
}

function descriptors(list) {
  return (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
}

function bytes(base64url) {
  const base64 = base64url.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
