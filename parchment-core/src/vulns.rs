//! What the design excludes: vulnerabilities of comparable systems, and the tests that would show them here.
//!
//! Every row is a class of vulnerability that was found in the wild, in a server for federated
//! messages or in a neighbour's field, restated as something that must not happen here. Most
//! are excluded by construction, by a type that cannot be made or a key that cannot be used
//! otherwise; the tests then show that the construction holds.
//!
//! The tests of statement *N* begin with `sNN_`, in whichever crate they are: `cargo test s07_`
//! runs those of statement 7, `cargo test vulns` all of them. The table names the telling ones, and
//! under them tests of other names that belong to it. A test reads this page and fails when it names
//! one that is not there.
//!
//! # Origin and signatures
//!
//! | No. | Class | What excludes it | Tests |
//! |---|---|---|---|
//! | 1 | Wrong-origin acceptance: a server speaks for somebody else's users (Mastodon CVE-2024-23832) | [`Inbox::parse`](crate::inbox::Inbox::parse) compares the sender's server with the one that signs before anything is looked up; what it gives is the only thing that can be authenticated | `s01_a_sender_from_elsewhere_is_refused_before_any_look_up`, `s01_a_sender_from_elsewhere_is_refused_before_anything_is_looked_up`, `s01_nobody_speaks_for_a_local_user_over_federation` |
//! | 2 | Signature not actually required: absent, empty or odd ones pass (Misskey CVE-2026-28432; ruma#525; Plume#10) | A handler takes an [`Accepted`](crate::inbox::Accepted), which only the verifying steps can make: leaving one out does not compile. Key and signature are types, never optional texts | `s02_a_message_without_a_signature_is_refused`, `s02_a_request_without_a_server_signature_is_refused`, `s02_a_document_without_a_usable_key_is_no_document`, `s02_a_message_whose_author_did_not_sign_it_is_refused_though_her_server_vouches`, `the_steps_of_receiving_cannot_be_skipped_or_forged` |
//! | 3 | Body or request line not covered by the signature (activitypub-federation PRs #6 and #109; Misskey 2023-11) | The server signs a [`Wrapper`](crate::request::Wrapper) of method, path, body hash, nonce, time, version and both servers; the receiver builds it from what it received and from its own name, with the one path there is | `s03_every_bit_of_body_and_headers_is_signed`, `s03_method_path_query_nonce_time_and_both_servers_are_signed`, `s03_every_bit_of_the_users_message_is_signed_by_the_user`, `s03_a_request_for_one_server_is_worth_nothing_at_another`, `s03_no_byte_on_the_wire_can_change`, `s03_a_query_or_another_spelling_of_the_path_gives_a_request_no_second_life` |
//! | 4 | Rearranged but still valid: unsigned fields change what is done (Mastodon CVE-2026-46349, CVE-2026-50128, CVE-2022-24307; Fedify GHSA-9rfg-v8g9-9367) | Unknown members are refused; [`Content`](crate::envelope::Content) is read out of the signed payload and nowhere else; the signed text is written anew from what was read | `s04_added_doubled_renamed_and_moved_members_change_nothing_or_are_refused`, `s04_nothing_outside_the_payload_stands_in_for_what_it_lacks`, `several_alterations_at_once_change_nothing_or_are_refused` |
//! | 5 | Parser differential: two readers understand one text differently | [`canonical::parse`](crate::canonical::parse()) refuses every ambiguity before anything is hashed; one reader serves hash, shape and effect | `s05_ambiguous_json_is_refused_before_it_is_hashed`, `s05_two_parsers_agree_on_every_accepted_file_of_the_corpus`, `accepted_json_has_the_text_that_a_second_writer_gives_it` |
//! | 6 | Downgrade: a message of version 2 taken by the older rules | A message without version has neither nonce nor message version, and its signed text is another; only three kinds exist in the legacy form, and a policy turns them off | `s06_a_version_2_message_without_its_version_is_refused_however_it_is_trimmed`, `s06_only_friend_messages_exist_in_the_legacy_form` |
//! | 7 | Cross-context reuse: a signature for one purpose used for another | The signed texts have disjoint sets of members, or a type that says what they are for; payload members that could forge one are refused. Every key has a type and an info text of its own ([`derive`](crate::derive)), every sealed record a place that is authenticated ([`seal`](mod@crate::seal)) | `s07_a_signature_verifies_for_the_purpose_it_was_made_for_and_for_no_other`, `s07_no_payload_makes_the_text_of_one_purpose_that_of_another`, `s07_a_legacy_payload_cannot_bring_a_type_or_other_signed_members_of_its_own`, `s07_no_two_purposes_have_a_key_in_common`, `s07_what_is_sealed_as_one_kind_of_record_opens_as_no_other_even_under_one_key`, `s07_new_collections_share_no_key_with_anything` |
//! | 8 | Ed25519 on the edge: weak keys, second spellings, malleability | [`VerifyingKey`](crate::keys::VerifyingKey) is canonical and not of small order or does not exist; verification is strict; base64 has one spelling | `s08_weak_and_non_canonical_keys_cannot_be_registered_pinned_or_resolved`, `s08_a_malleated_signature_gives_a_message_no_second_life`, `s08_a_signature_has_one_spelling`, `s08_signing_keys_of_small_order_or_in_another_encoding_are_refused`, `wycheproof_agrees_with_every_verdict`, `of_the_many_eddsas_the_strict_cofactorless_one_is_spoken` |
//! | 9 | Confused deputy: a server signs what somebody hands it (continuwuity, conduit, tuwunel CVE-2026-24471) | [`ServerIdentity`](crate::request::ServerIdentity) signs wrappers in its own name; it takes no bytes, texts or JSON, and its key cannot be taken out. The server holds no user's key | `s09_whatever_stands_in_a_wrapper_it_is_a_wrapper_that_is_signed`, `s09_a_server_signs_in_no_name_but_its_own`, `s09_nothing_but_the_demonstration_holds_a_key_that_signs_texts`, `s09_what_leaves_is_what_the_user_signed_in_a_wrapper_of_the_servers_own`, `s09_the_server_sends_only_what_the_user_signed_for_this_very_purpose` |
//!
//! # Replay, freshness, idempotence
//!
//! | No. | Class | What excludes it | Tests |
//! |---|---|---|---|
//! | 10 | Replay: one message, several effects | Both nonces are recorded in the transaction that holds the effect ([`replay::decide`](crate::replay::decide) inside the store's write); a suite that every store runs says so | `s10_an_envelope_takes_effect_once_however_it_comes_again`, `s10_of_racing_copies_one_takes_effect`, `s10_a_nonce_used_again_for_another_message_is_refused`, `s10_killed_at_any_moment_the_server_has_each_message_wholly_or_not_at_all`, `one_transaction_for_each_call_keeps_every_rule`, `commits_shared_by_callers_keep_every_rule` |
//! | 11 | A retry after a lost answer mistaken for a replay | The digest of the signed text is kept with the nonce: the same message in a request of its own is acknowledged again | `s11_a_retry_after_a_lost_answer_is_answered_like_the_first`, `s11_a_retry_is_taken_like_the_first_and_not_as_a_replay` |
//! | 12 | Nonces forgotten while their message is fresh | They are kept twice as long as a message can be fresh; sweeping needs age by the wall clock and by one that never steps, and takes its turn as a writer | `s12_a_nonce_outlives_every_moment_at_which_its_message_is_fresh`, `s12_a_nonce_is_there_for_1200_seconds_and_gone_after`, `s12_sweeping_never_takes_what_is_being_written`, `a_clock_that_jumps_ahead_forgets_nothing_early`, `a_clock_that_jumps_back_forgets_nothing_early` |
//! | 13 | Times read leniently or twice | [`Timestamp`](crate::time::Timestamp) reads RFC 3339 with a zone once, keeps the signed text and compares instants | `s13_the_window_is_300_seconds_to_either_side_to_the_millisecond`, `s13_only_times_of_rfc_3339_with_a_zone_are_read`, `s13_far_times_are_refused_and_do_not_overflow` |
//! | 14 | Tables that strangers can grow | Nothing is written before the signatures verify, and nothing for a message that its handler refuses | `s14_a_server_is_pinned_only_after_its_signature_has_verified`, `s14_no_bad_request_to_the_inbox_leaves_a_row`, `s14_a_message_that_its_handler_refuses_records_nothing`, `s14_who_has_no_session_makes_none`, `s14_requests_without_a_session_or_a_signature_grow_no_table_of_the_signed_in` |
//!
//! # Requests to other servers
//!
//! | No. | Class | What excludes it | Tests |
//! |---|---|---|---|
//! | 15 | Requests to private targets (activitypub_federation CVE-2025-25194; Mastodon CVE-2026-27477; owncast#5121) | The resolver of the connection itself decides, about addresses; there is one door to the network and it takes a server's name and a path | `s15_no_connection_is_opened_to_an_address_that_is_not_global`, `s15_a_public_name_that_leads_to_this_machine_or_its_network_is_not_contacted`, `s15_loopback_servers_are_refused_by_name_without_the_switch`, `s15_the_switch_opens_loopback_and_nothing_else` |
//! | 16 | Incomplete denylists and spellings (CVE-2026-33693; Fedify CVE-2026-50131; Mastodon CVE-2026-22245) | IPv6 is an allowlist, IPv4 the whole registry of special blocks; a [`ServerId`](crate::handle::ServerId) is a DNS name, never an address in any spelling but plain loopback | `s16_every_special_block_is_refused_from_its_first_address_to_its_last`, `s16_no_ipv4_address_is_global_in_ipv6_clothes`, `s16_every_spelling_of_a_private_address_is_refused`, `s16_no_spelling_of_an_address_is_a_server` |
//! | 17 | DNS rebinding | What was checked is what is connected to: no second look-up; one forbidden address spoils the name | `s17_a_name_that_turns_private_after_its_first_answer_is_never_connected_to`, `s17_the_address_that_was_checked_is_the_one_connected_to`, `s17_one_private_address_among_public_ones_spoils_the_name`, `s17_one_private_address_among_public_ones_keeps_the_server_from_asking` |
//! | 18 | Redirects, and server names with more in them | Redirects are a status like any other; a name is host and port and nothing more | `s18_a_redirect_is_a_status_and_is_not_followed`, `s18_a_peer_that_redirects_is_not_followed`, `s18_a_server_id_is_a_host_and_a_port_and_nothing_more`, `s18_a_server_id_with_more_than_host_and_port_is_refused` |
//! | 19 | Amplification: strangers make a server ask others | Cheap checks come first; one question at a time for each name, answers and failures remembered, a bounded number under way; users' documents only for authenticated servers | `s19_any_number_of_forged_requests_in_one_name_cause_one_fetch`, `s19_nothing_is_fetched_before_the_cheap_checks_pass`, `s19_many_names_at_once_keep_a_bounded_number_of_fetches_under_way`, `s19_sixteen_first_messages_at_once_cost_one_manifest_and_a_document_each`, `s19_a_message_from_a_known_server_and_sender_costs_no_fetch`, `s19_forged_user_signatures_cost_one_fetch_in_ten_seconds_for_each_handle` |
//! | 20 | Response abuse: endless, slow, compressed, of another type | One limit of time over everything, limits of size enforced while reading, nothing ever decompressed | `s20_an_endless_body_is_cut_off`, `s20_endless_headers_are_cut_off`, `s20_a_compressed_answer_is_refused_and_not_decompressed`, `s20_a_slow_answer_is_given_up_in_time`, `s20_a_document_of_another_type_is_refused`, `s20_a_peer_that_answers_too_much_too_late_or_oddly_costs_its_own_request_and_nobody_elses` |
//! | 21 | An answer about something else than was asked | [`Manifest::read`](crate::manifest::Manifest::read) and [`UserDocument::read`](crate::manifest::UserDocument::read) take the question; a document cannot be read without it | `s21_a_manifest_is_read_only_as_that_of_the_server_that_was_asked`, `s21_a_user_document_names_the_user_who_was_asked_for_and_an_inbox_on_her_server`, `s21_a_manifest_that_names_another_server_pins_nobody`, `s21_a_user_document_about_somebody_else_or_with_an_inbox_elsewhere_is_refused` |
//!
//! # Keys of servers
//!
//! | No. | Class | What excludes it | Tests |
//! |---|---|---|---|
//! | 22 | A changed server key taken over, or two pinned in a race | [`PinStore`](crate::pins::PinStore) can pin first and record a difference; it has no way to replace. Pinning is one atomic step that gives back the pin that stands | `s22_a_changed_key_is_refused_and_recorded_beside_the_pin`, `s22_a_changed_key_is_refused_recorded_and_not_taken_over`, `s22_nothing_is_sent_to_a_server_whose_key_changed`, `s22_racing_first_contacts_are_all_served_under_one_pin`, `s22_two_processes_that_see_different_keys_at_first_contact_pin_one`, `s22_of_first_contacts_that_race_on_threads_all_get_the_one_pin` |
//!
//! # Keys and seeds of users
//!
//! | No. | Class | What excludes it | Tests |
//! |---|---|---|---|
//! | 27 | A recovery slot in the place of another | A [`Slot`](crate::slot::Slot) as it arrives can only be verified, for the passkey that was asked for and under the user's identity; what that gives unwraps into the seed of that very identity and no other | `s27_a_slot_that_another_identity_signed_is_refused`, `s27_a_slot_for_another_passkey_or_user_is_refused`, `s27_no_part_of_a_slot_can_be_exchanged`, `s27_a_signed_slot_with_the_seed_of_somebody_else_is_refused`, `s27_a_slot_wrapped_in_a_way_that_is_not_known_is_refused` |
//! | 29 | A device transfer relayed or guessed | The code is typed into the new device, which keeps its own to itself; three wrong ones consume the state that holds the payload ([`AwaitingCode`](crate::transfer::AwaitingCode)) | `s29_a_wrong_code_can_be_tried_three_times_and_then_the_payload_is_gone`, `s29_a_payload_that_is_not_the_old_devices_has_another_code`, `s29_an_answer_to_another_device_session_or_identity_is_refused`, `s29_another_seed_under_the_users_signature_is_refused`, `s29_a_sealed_seed_that_was_changed_opens_for_no_code` |
//!
//! # Sign-in codes
//!
//! These are matters of the server, `parchment-server`; they are here so that there is one page.
//!
//! | No. | Class | What excludes it | Tests |
//! |---|---|---|---|
//! | 30 | Guessing of one-time codes (Vaultwarden CVE-2026-27801; CVE-2025-60424; AuthQuake) | Tries are counted in the transaction that compares: five for a code, and ten codes a day for an address, whoever asks and however many at once. Fifty tries against 10^8 codes are one chance in two million a day | `s30_a_thousand_wrong_codes_at_once_use_up_five_tries_and_the_code`, `s30_an_address_has_fifty_tries_a_day` |
//! | 31 | A one-time code that opens several sessions | The code is deleted in the transaction that makes the session | `s31_a_thousand_right_codes_at_once_open_one_session` |
//!
//! # Secrecy
//!
//! | No. | Class | What excludes it | Tests |
//! |---|---|---|---|
//! | 50 | Secrets in logs, panics and debug output (webauthn-rs, commit dd2d8e6) | Every secret is a type of its own whose `Debug` is its name; errors hold lengths and rules, never content | `s50_no_secret_prints_anything_but_its_name`, `s50_no_error_holds_what_was_typed_or_opened` |
//! | 51 | Secrets compared byte by byte until the first difference | Secret types compare with `subtle`; tags are compared inside the ciphers | `s51_secrets_that_differ_in_any_byte_are_different` |
//! | 52 | Secrets left behind in memory | They live on the heap, cannot be cloned, and are wiped when dropped; keys and nonces that serve once are taken by value | `s52_every_secret_is_wiped_when_it_is_dropped`, `wiping_leaves_zeros_and_printing_leaves_nothing` |
