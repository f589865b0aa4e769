// The page of an account: signing in, and what a person looks at and changes without a client of her own.

import * as passkeys from "./passkeys.js";
import { safetyNumber } from "./safety.js";
import { call, Refused } from "./server.js";

const at = (id) => document.getElementById(id);
const show = (id, shown) => { at(id).hidden = !shown; };

let email = "";

/** Says something to whoever looks or listens. */
function say(message, isError = false) {
  at("notice").textContent = message;
  at("notice").classList.toggle("error", isError);
}

/** Runs what a button asks for, once at a time, and says what goes wrong. */
async function doing(button, work) {
  button.disabled = true;
  say("");
  try {
    await work();
  } catch (error) {
    await failed(error);
  } finally {
    button.disabled = false;
  }
}

async function failed(error) {
  if (error instanceof Refused && error.code === "signed_out") {
    await refresh();
    say("You have been signed out. Sign in again.", true);
  } else if (error instanceof Refused) {
    say(error.message, true);
  } else if (error.name === "NotAllowedError" || error.name === "AbortError") {
    say("No passkey was used.", true);
  } else if (error.name === "InvalidStateError") {
    say("This device has a passkey of yours already.", true);
  } else {
    say("That did not work. Reload the page and try again.", true);
    console.error(error);
  }
}

function onSubmit(id, work) {
  at(id).addEventListener("submit", (event) => {
    event.preventDefault();
    doing(event.submitter ?? event.target.querySelector("button"), work);
  });
}

function onClick(id, work) {
  at(id).addEventListener("click", (event) => doing(event.currentTarget, work));
}

/** Shows the page for whoever is signed in, or for nobody. */
async function refresh() {
  const session = await call("GET", "/auth/sessions/current");
  show("signed-out", session === null);
  show("signed-in", session !== null);
  show("sign-out", session !== null);
  if (session === null) {
    askForAddress();
  } else {
    await showAccount(session.user);
  }
}

function askForAddress() {
  show("ask", true);
  show("redeem", false);
  show("with-passkey", passkeys.arePossible());
  at("code").value = "";
}

async function showAccount(user) {
  at("greeting").textContent = [user.firstName, user.lastName].filter(Boolean).join(" ") || user.email;
  at("first-name").value = user.firstName ?? "";
  at("last-name").value = user.lastName ?? "";
  at("alias").value = user.alias ?? "";
  const [identity, sessions] = await Promise.all([call("GET", "/users/me/identity"), call("GET", "/auth/sessions")]);
  at("handle").textContent = identity.handle ?? "Set an alias to get one.";
  at("signing-key").textContent = identity.signingKey ?? "Your client makes it.";
  at("encryption-key").textContent = identity.encryptionKey ?? "Your client makes it.";
  showSessions(sessions);
  await Promise.all([showPasskeys(), showFriends(identity.signingKey)]);
}

function showSessions(sessions) {
  fill("sessions", sessions, (session) => ({
    lines: [
      session.userAgent ?? "Unknown program",
      `${session.ipv4 ?? "unknown address"}, since ${date(session.createdAt)}${session.current ? ", this one" : ""}`,
    ],
    button: session.current ? null : "End",
    label: "End this session",
    work: async () => {
      await call("DELETE", `/auth/sessions/${encodeURIComponent(session.id)}`);
      await refresh();
      say("The session has ended.");
    },
  }));
}

async function showPasskeys() {
  const list = await call("GET", "/auth/passkeys");
  const possible = passkeys.arePossible();
  show("passkeys-none", list.length === 0 && possible);
  show("passkey-form", possible);
  show("passkeys-elsewhere", !possible);
  fill("passkeys", list, (passkey) => ({
    lines: [passkey.name, `Added ${date(passkey.createdAt)}${passkey.backedUp ? ", synchronised" : ""}`],
    button: "Remove",
    label: `Remove the passkey ${passkey.name}`,
    work: async () => {
      if (!confirm(`Remove the passkey “${passkey.name}”? You cannot sign in with it any more.`)) return;
      await call("DELETE", `/auth/passkeys/${encodeURIComponent(passkey.id)}`);
      await showPasskeys();
      say("The passkey is removed.");
    },
  }));
}

async function showFriends(mine) {
  const { friends } = await call("GET", "/friends");
  show("friends-none", friends.length === 0);
  const numbers = await Promise.all(friends.map((friend) => (
    mine && friend.friendSigningKey ? safetyNumber(mine, friend.friendSigningKey) : null
  )));
  fill("friends", friends, (friend, index) => ({
    lines: [friend.friendHandle, numbers[index] ?? "There is no number before both of you have keys."],
    number: numbers[index] !== null,
  }));
}

/** Fills a list; texts only, so that no name of somebody else's can become part of the page. */
function fill(id, items, describe) {
  at(id).replaceChildren(...items.map((item, index) => {
    const { lines, number, button, label, work } = describe(item, index);
    const row = document.createElement("li");
    const texts = document.createElement("div");
    lines.forEach((line, position) => {
      const paragraph = document.createElement("p");
      paragraph.textContent = line;
      if (position > 0) paragraph.className = number ? "number" : "help";
      texts.append(paragraph);
    });
    row.append(texts);
    if (button) {
      const action = document.createElement("button");
      action.type = "button";
      action.textContent = button;
      action.setAttribute("aria-label", label);
      action.addEventListener("click", () => doing(action, work));
      row.append(action);
    }
    return row;
  }));
}

function date(text) {
  return new Date(text).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

async function entered(message) {
  await refresh();
  at("main").focus({ preventScroll: true });
  scrollTo(0, 0);
  say(message);
}

onSubmit("ask", async () => {
  email = at("email").value.trim();
  await call("POST", "/auth/verify", { email });
  show("ask", false);
  show("with-passkey", false);
  show("redeem", true);
  at("code").focus();
  say(`If ${email} can sign in here, a code is on its way to it. It is good for 15 minutes.`);
});

onSubmit("redeem", async () => {
  await call("POST", "/auth/sessions", { method: "otp", email, token: at("code").value.trim() });
  await entered("You are signed in.");
});

onClick("other-address", async () => {
  askForAddress();
  at("email").focus();
});

onClick("sign-in-passkey", async () => {
  await passkeys.signIn();
  await entered("You are signed in.");
});

onClick("sign-out", async () => {
  await call("DELETE", "/auth/sessions");
  await entered("You are signed out.");
});

onClick("sign-out-everywhere", async () => {
  if (!confirm("End all sessions, this one too? Your devices have to sign in again.")) return;
  await call("DELETE", "/auth/sessions/all");
  await entered("You are signed out everywhere.");
});

onSubmit("alias-form", async () => {
  const { handle } = await call("PATCH", "/users/me/alias", { alias: at("alias").value.trim() });
  at("handle").textContent = handle;
  say(`You are ${handle} now.`);
});

onSubmit("profile-form", async () => {
  const value = (id) => at(id).value.trim() || null;
  await call("PATCH", "/users/me/profile", { firstName: value("first-name"), lastName: value("last-name") });
  await refresh();
  say("Your profile is saved.");
});

onSubmit("passkey-form", async () => {
  await passkeys.register(at("passkey-name").value.trim());
  at("passkey-name").value = "";
  await showPasskeys();
  say("The passkey is added. You can sign in with it from now on.");
});

refresh().catch(failed);
