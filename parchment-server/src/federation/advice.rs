//! What an operator can do about a refusal.

use super::refusals::{NO_ANSWER, Way};

/// What to do about a failed check, in a sentence or two.
#[must_use]
pub fn advice(way: Way, code: &str) -> &'static str {
    match way {
        Way::Sent => about_sent(code),
        Way::Received => about_received(code),
        // Nobody knows whose requests these were.
        Way::Unverified => about_unverified(code),
    }
}

/// The other server refused what this one sent, or it was not sent.
fn about_sent(code: &str) -> &'static str {
    match code {
        "pin_mismatch" => {
            "One of the two servers has another key than the other remembers. If its key is what changed, `peer list` \
             shows both fingerprints: ask its operator which is right, then `peer forget` it. If yours changed, put the \
             old key back, or its operator has to forget yours."
        }
        "stale_request" | "stale_message" | "invalid_timestamp" => {
            "The clocks of the two servers, or of your user's device, are more than five minutes apart. `doctor` compares \
             yours; run a time service on both."
        }
        "invalid_server_signature" => {
            "It does not know your server by its present key, or something between you changes requests. Check that \
             nothing rewrites them, and ask its operator which fingerprint is pinned for you; `doctor` prints yours."
        }
        "invalid_manifest" => {
            "One of the two servers does not publish a proper manifest at /.well-known/parchment-server. Run `doctor` to \
             see whether it is yours; a proxy that sends that path elsewhere is the usual fault."
        }
        "peer_unreachable" | NO_ANSWER => {
            "It is down, or its name, certificate or firewall is not in order. Nothing to mend here, unless it happens \
             with every server: then look at this machine's way out."
        }
        "unsupported_version" | "unsupported_message_version" | "unsupported_message_type" | "legacy_refused" => {
            "It speaks another version of the protocol, or does not know this kind of message: one of the two servers \
             needs an update."
        }
        "origin_mismatch" | "wrong_server" => {
            "It knows one of the two servers by another name. Check that PARCHMENT_PUBLIC_ORIGIN is the name that others \
             use."
        }
        "loopback_refused" => {
            "One of the two servers is named localhost, which others cannot reach: set a public name."
        }
        "missing_header" | "malformed_header" => {
            "Headers were lost or changed on the way. Look for a proxy in between that does it, on either side."
        }
        "body_too_large" | "malformed_json" | "ambiguous_json" | "invalid_body" | "bad_request" | "invalid_payload" => {
            "It does not understand what was sent: compare the versions of both servers, and report it as a bug."
        }
        "invalid_signature" | "unknown_sender" | "malformed_signature" | "malformed_nonce" => {
            "It does not believe your user's signature. Check that /.well-known/user/ALIAS of your server can be reached \
             from outside; it may also have an older key of hers for some minutes."
        }
        "replay" | "nonce_reused" => {
            "A message came twice. Something in between repeats requests, or a client reuses nonces."
        }
        "unknown_recipient" | "invalid_handle" => {
            "There is nobody of this handle there: your user should check its spelling."
        }
        "no_invitation" | "already_friends" | "already_invited" | "too_many_invitations" => {
            "The two people stand differently to each other than your user thinks: she can look at her friends and \
             invitations. Nothing to mend on the servers."
        }
        "too_many_requests" | "http_429" => "It takes no more for now. Trying later helps.",
        "unavailable" | "busy" => "It has trouble of its own. Trying later helps.",
        "http_301" | "http_302" | "http_307" | "http_308" => {
            "It redirects, and redirections are not followed: its operator has to serve /federation/inbox under the name \
             in its handles."
        }
        "http_404" | "http_405" => {
            "There is no inbox at that name: is it a Parchment server, and does its proxy pass on all paths?"
        }
        _ => "The word is the other server's own: ask its operator.",
    }
}

/// This server refused what the other had signed.
fn about_received(code: &str) -> &'static str {
    match code {
        "replay" | "nonce_reused" => {
            "The same message came twice. Harmless if rare: something repeats requests. If often, its operator should know."
        }
        "invalid_signature" | "unknown_sender" => {
            "Its own document does not bear out its user's signature: her keys changed a moment ago, or its /.well-known \
             pages are cached or broken. Its operator can look."
        }
        "unknown_recipient" => "Its user wrote to somebody who is not here: a misspelled or former handle.",
        "no_invitation" | "already_friends" | "already_invited" => {
            "The two people stand differently to each other than its user thinks. Nothing to mend on the servers."
        }
        "too_many_invitations" => "Your user has as many open invitations as are kept: she can answer or reject some.",
        "too_many_requests" => {
            "It sends more than 600 messages a minute, so some wait. If it goes on, ask its operator what it is doing."
        }
        "unsupported_message_type" => "It sends a kind of message that this version does not know: look for an update.",
        "peer_unreachable" => {
            "Its message came, and the document of its user could not be fetched from it: its way in is broken, or your \
             way out."
        }
        _ => "It is signed and still not in order: its operator should know the code and the time.",
    }
}

/// This server refused before it knew who had sent it.
fn about_unverified(code: &str) -> &'static str {
    match code {
        "pin_mismatch" => {
            "The server shows another key than the pinned one: it was set up anew or lost its key, or somebody has taken \
             over its name. Ask its operator for the new fingerprint by another way; only if it is the one in \
             `peer list`, run `peer forget`."
        }
        "stale_request" | "stale_message" | "invalid_timestamp" => {
            "If it was really this peer, its clock and yours are more than five minutes apart. `doctor` compares yours; \
             its operator can do the same."
        }
        "invalid_server_signature" => {
            "Somebody else sent it in the peer's name, or something in between changed it, or the peer has a new key that \
             it does not publish yet. If the peer's people notice nothing, it was not the peer."
        }
        "origin_mismatch" => {
            "Who sent it spoke for somebody who does not live there. If it was really this peer, its public origin is not \
             the name in its handles."
        }
        "wrong_server" => {
            "It was meant for another server. If it was really this peer, check that PARCHMENT_PUBLIC_ORIGIN is the name \
             that others use for you, and that your proxy does not mix up names."
        }
        "invalid_manifest" => {
            "The peer publishes no proper manifest any more: its proxy is the usual fault. Its operator can run `doctor`."
        }
        "peer_unreachable" => {
            "A message came in its name, and it could not be asked who it is: its way in is broken, or your way out."
        }
        "loopback_refused" => "The peer is named localhost: servers on one machine are for development only.",
        "unsupported_version" | "unsupported_message_version" | "unsupported_message_type" | "legacy_refused" => {
            "If it was really this peer, it speaks another version of the protocol: one of the two servers needs an \
             update. (Legacy messages are a setting here: PARCHMENT_LEGACY_MESSAGES.)"
        }
        "missing_header" | "malformed_header" => {
            "If it was really this peer, headers get lost or changed on the way: look at your proxy first."
        }
        _ => "It is not known who sent it. If the peer's people notice nothing, it was not the peer; nothing was done.",
    }
}

#[cfg(test)]
mod tests {
    use parchment_core::refusal::{Code, Fault};

    use super::*;

    #[test]
    fn every_code_that_another_server_may_answer_has_an_advice_of_its_own() {
        let general = about_sent("no such code");
        for code in Code::ALL {
            assert_ne!(about_sent(code.as_str()), general, "{code}");
        }
    }

    #[test]
    fn whatever_can_be_refused_after_the_signature_has_an_advice_of_its_own() {
        let general = about_received("no such code");
        let after = Code::ALL.iter().filter(|code| code.fault() == Fault::Circumstances);
        for code in after.chain(&[
            Code::Replay,
            Code::NonceReused,
            Code::InvalidSignature,
            Code::UnknownSender,
        ]) {
            assert_ne!(about_received(code.as_str()), general, "{code}");
        }
    }
}
