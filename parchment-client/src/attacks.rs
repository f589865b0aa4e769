//! What a server could do to the people on it, and what their devices notice.
//!
//! A server carries what people seal and shows others their keys. It cannot forge what it carries, but it decides what
//! is given to whom. Each row is something that it could do instead of its work; the tests have a real server with
//! somebody in front of it who does that, and fail when an [`Account`](crate::account::Account) believes it, when the
//! error is another one, when it is not the same account as before once the server is honest again, or when any byte
//! that was sent holds a seed or a key that follows from one.
//!
//! The tests are in `tests/hostile`; `cargo test -p parchment-client --test hostile` runs them. A test reads this page and
//! fails when it leaves one out, or one kind of [`Lie`](crate::account::Lie).
//!
//! # Who she is
//!
//! | No. | The server | and would | The device says | Test |
//! |---|---|---|---|---|
//! | 1 | shows others a signing key of its own | speak in her name | `Lie::SigningKey` | `a_signing_key_that_is_not_hers_is_noticed` |
//! | 2 | shows something that is no key | have nobody verify her | `Lie::SigningKey` | `a_key_that_is_no_key_is_noticed` |
//! | 3 | shows an encryption key of its own | read what friends seal to her | `Lie::EncryptionKey` | `an_encryption_key_that_is_not_hers_is_noticed` |
//! | 4 | shows no keys | have her make new ones | `Lie::KeysWithheld` | `keys_that_are_withheld_are_noticed` |
//! | 5 | shows another handle | have her sign as somebody else | `Lie::OtherHandle` | `a_handle_that_is_not_hers_is_noticed` |
//! | 6 | puts her into another user's session | have her seal for the wrong place | `Lie::OtherUser` | `the_identity_of_another_user_is_noticed` |
//! | 7 | says that the master key has an earlier version | have a key that was given up be used | `Lie::KmVersionBack` | `a_version_that_goes_back_is_noticed` |
//! | 8 | shows the keys of that version with it | the same | `Lie::KmVersionBack` | `old_keys_with_an_old_version_are_noticed` |
//! | 9 | says that it has a later version | have everything be sealed under a version that never was | `Lie::KmVersionAhead` | `a_version_without_a_rotation_is_noticed` |
//! | 10 | shows a key of its own as that of a rotation elsewhere | have her follow it | `AccountError::RotatedElsewhere`, which asks for the new recovery key | `a_rotation_that_nobody_made_is_not_followed` |
//!
//! # Blobs, and the whole account
//!
//! | No. | The server | and would | The device says | Test |
//! |---|---|---|---|---|
//! | 11 | labels a blob with another version of the master key | have a program take the wrong key | `Lie::RecordKmVersion` | `a_blob_of_another_version_is_noticed` |
//! | 12 | gives no inventory | be believed anything | `Lie::InventoryWithheld` | `an_inventory_that_is_withheld_is_noticed` |
//! | 13 | gives everything as it was some time ago | undo what she did, such as taking somebody off a list | `Lie::AccountRolledBack` | `an_account_that_is_rolled_back_as_a_whole_is_noticed` |
//! | 14 | the same for all but the inventory | the same | `Lie::RolledBack` | `an_account_that_is_rolled_back_for_all_but_the_inventory_is_noticed` |
//! | 15 | gives an old inventory alone | have it be believed what it gives next | nothing, and goes by what it knows | `an_old_inventory_alone_hides_nothing` |
//! | 16 | does not give a blob | have her think there is none | `Lie::Withheld` | `a_blob_that_is_withheld_is_noticed` |
//! | 17 | cuts the list off | the same | `Lie::Withheld` | `a_list_of_blobs_that_is_cut_off_is_noticed` |
//! | 18 | gives a blob as it was | undo a change | `Lie::RolledBack` | `a_blob_that_is_rolled_back_is_noticed` |
//! | 19 | gives a blob that was deleted | undo that | `Lie::RolledBack` | `a_deleted_blob_that_comes_back_is_noticed` |
//! | 20 | gives one blob in the place of another | have a program read what was meant for another | `Lie::Moved` | `a_blob_in_the_place_of_another_is_noticed` |
//! | 21 | gives a blob of another user | have her take that user's for hers | `Lie::Foreign` | `a_blob_of_another_user_is_noticed` |
//! | 22 | changes a blob | change what she reads | `Lie::Foreign` | `a_blob_that_was_changed_is_noticed` |
//! | 23 | names another algorithm | have a weaker one be taken | `Lie::Algorithm` | `another_algorithm_is_noticed` |
//! | 24 | gives something that is not sealed | have it be believed as it is | `Lie::NoEnvelope` | `what_is_no_envelope_is_noticed` |
//! | 25 | lists a blob twice | have it be counted or carried twice | `Lie::Repeated` | `a_blob_that_is_listed_twice_is_noticed` |
//! | 26 | says that it wrote, and did not | lose what she believes safe | `Lie::WriteIgnored` | `a_write_that_is_ignored_is_noticed`, `a_first_write_that_is_ignored_is_noticed` |
//! | 27 | the same for the inventory | have other devices know nothing of it | `Lie::WriteIgnored` | `an_inventory_that_is_not_written_is_noticed` |
//! | 28 | says that it deleted, and did not | keep what she wanted gone | `Lie::WriteIgnored` | `a_deletion_that_is_ignored_is_noticed` |
//!
//! # Collections and points
//!
//! | No. | The server | and would | The device says | Test |
//! |---|---|---|---|---|
//! | 29 | leaves out a collection | have her think there is none | `Lie::Withheld` | `a_collection_that_is_withheld_is_noticed` |
//! | 30 | leaves out its metadata | have it be named anew | `Lie::Withheld` | `metadata_that_are_withheld_are_noticed` |
//! | 31 | gives them as they were | undo a change | `Lie::RolledBack` | `metadata_that_are_rolled_back_are_noticed` |
//! | 32 | says that another version of the key is in use | have a key be used that was given up | `Lie::CollectionKeyVersion` | `another_version_of_a_collections_key_is_noticed` |
//! | 33 | exchanges two collections' metadata | have points be added to the wrong one | `Lie::Moved` | `metadata_of_another_collection_are_noticed` |
//! | 34 | lists one twice | have it be carried twice | `Lie::Repeated` | `a_collection_that_is_listed_twice_is_noticed` |
//! | 35 | adds one of another user | have her write into it | `Lie::OthersThing` | `a_collection_of_another_user_is_noticed` |
//! | 36 | the same under her name | the same | `Lie::Foreign` | `a_collection_of_another_user_under_her_name_is_noticed` |
//! | 37 | gives a new one the id of another | have two be sealed under one key, and be exchanged | `Lie::IdReused` | `a_new_collection_under_the_id_of_another_is_noticed` |
//! | 38 | leaves out a point | have her think it is gone | `Lie::Withheld` | `a_point_that_is_withheld_is_noticed` |
//! | 39 | lists one twice | have it be counted or carried twice | `Lie::Repeated` | `a_point_that_is_listed_twice_is_noticed` |
//! | 40 | lists one in another collection | have it be shared with those who have that one | `Lie::PointMoved` | `a_point_in_another_collection_is_noticed` |
//! | 41 | exchanges two | have one be read for the other | `Lie::Moved` | `points_that_are_exchanged_are_noticed` |
//! | 42 | gives one as it was | undo a change | `Lie::RolledBack` | `a_point_that_is_rolled_back_is_noticed` |
//! | 43 | gives one that was deleted | undo that | `Lie::RolledBack` | `a_deleted_point_that_comes_back_is_noticed` |
//! | 44 | changes one | change what she reads | `Lie::Foreign` | `a_point_that_was_changed_is_noticed` |
//! | 45 | names another algorithm | have a weaker one be taken | `Lie::Algorithm` | `a_point_of_another_algorithm_is_noticed` |
//! | 46 | writes something else than it was sent | lose what she believes safe | `Lie::WriteIgnored` | `a_point_that_is_not_written_as_it_was_sent_is_noticed` |
//!
//! # Recovery
//!
//! | No. | The server | and would | The device says | Test |
//! |---|---|---|---|---|
//! | 47 | gives the slot of another passkey | have her use what was not made for this one | `Lie::SlotNotSigned` | `a_slot_of_another_passkey_is_noticed` |
//! | 48 | changes a slot's envelope | have another seed be unwrapped | `Lie::SlotNotSigned` | `a_slot_whose_envelope_was_changed_is_noticed` |
//! | 49 | gives a slot as another user's | have seeds be mixed up | `Lie::OthersThing` | `a_slot_of_another_user_is_noticed` |
//! | 50 | names another way of wrapping | have a weaker one be taken | `Lie::SlotAlgorithm` | `a_slot_of_another_algorithm_is_noticed` |
//! | 51 | gives two for one passkey | have one of them be taken by chance | `Lie::SlotRepeated` | `a_second_slot_for_a_passkey_is_noticed` |
//! | 52 | makes a slot and an identity of its own | have her use a seed that it knows | `Lie::SlotUnusable` | `a_slot_that_the_server_made_for_an_identity_of_its_own_is_noticed` |
//! | 53 | has her seed in a slot that another identity signed | have her be known by a key that is not hers | `Lie::SlotOtherIdentity` | `a_slot_with_the_seed_of_another_than_signed_it_is_noticed` |
//! | 54 | gives the slot, the keys and the version from before a rotation | have a seed that was given up be used | `Lie::SlotNotSigned`, `Lie::KmVersionBack` | `an_old_slot_after_a_rotation_is_noticed` |
//! | 55 | keeps another slot than it was given | have her find out on the day she needs it | `Lie::SlotNotSigned` | `a_slot_that_is_kept_otherwise_than_it_was_given_is_noticed` |
//! | 56 | gives another secret for a device | have the seed there be thrown away | `Lie::DeviceSecret`, and nothing is deleted | `another_secret_for_a_device_is_noticed` |
//!
//! # From device to device
//!
//! | No. | The server | and would | The device says | Test |
//! |---|---|---|---|---|
//! | 57 | swaps the old device's one-time key | read the seed | `Lie::TransferNotSigned` | `a_one_time_key_that_was_swapped_is_noticed` |
//! | 58 | gives an earlier transfer again | have an old seed be taken | `Lie::TransferNotSigned` | `a_transfer_that_is_given_again_is_noticed` |
//! | 59 | answers in the old device's place | have the new one use a seed that it knows | `Lie::TransferNotSigned` | `an_answer_of_the_servers_own_is_noticed` |
//! | 60 | the same, and shows an identity of its own | the same | `Lie::TransferCode`: the code that the person carries is another | `an_answer_under_an_identity_of_the_servers_own_is_noticed_by_the_code` |
//! | 61 | changes the sealed seed | have another be unsealed | `Lie::TransferChanged` | `a_seed_that_was_changed_on_its_way_is_noticed` |
//! | 62 | has another seed under her signature | have her use it | `Lie::TransferOtherIdentity` | `the_seed_of_another_identity_is_noticed` |
//!
//! # Rotation
//!
//! | No. | The server | and would | The device says | Test |
//! |---|---|---|---|---|
//! | 63 | says that it committed, and did not | have the device forget the key that holds | `Lie::CommitWithheld`, with both keys kept | `a_commit_that_is_withheld_is_noticed_and_can_be_done_again` |
//! | 64 | takes the new keys and nothing else | have everything be unreadable | `Lie::CommitWithheld`, with both keys kept | `a_commit_of_which_only_the_keys_are_shown_is_noticed` |
//! | 65 | says that another rotation came first | keep her on a key that somebody else has | `Lie::ConflictForged` | `a_conflict_that_there_was_not_is_noticed` |
//! | 66 | commits, and says that another rotation came first | have the device forget the key that holds | nothing, and it has landed | `a_conflict_after_a_commit_that_landed_is_seen_through` |
//! | 67 | says that something is missing which there is not | keep her from rotating for ever | `Lie::MissingForged` | `something_missing_that_there_is_not_is_noticed` |
//! | 68 | leaves something out, or changes it, while everything is gathered | have it be lost with the old key | `Lie::Withheld`, `Lie::Foreign`, before anything is sent | `a_record_that_is_withheld_or_changed_stops_a_rotation_before_it_is_lost` |
//!
//! What an honest server does looks like some of these, and is told from them: `a_real_conflict_leaves_the_key_that_does_not_hold`,
//! `what_came_in_between_is_taken_along`. That a rotation may be cut off anywhere is in `tests/rotation_killed.rs`, that
//! devices which write at once alarm nobody in `tests/account.rs` and `tests/inventory.rs`.
//!
//! # Others
//!
//! | No. | The server | and would | The device says | Test |
//! |---|---|---|---|---|
//! | 69 | shows another key for a friend | speak in the friend's name | `Lie::FriendKey` | `another_key_of_a_friend_is_noticed_and_blocks` |
//! | 70 | shows another encryption key for a friend, or none | read what is shared with the friend | `Lie::FriendEncryptionKey` | `another_encryption_key_of_a_friend_is_noticed` |
//! | 71 | gives the pins as they were | have a key that was replaced be taken | `Lie::RolledBack` | `pins_that_are_rolled_back_are_noticed` |
//! | 72 | names somebody to be told of a reset who was no peer | have her end a friendship | `Lie::ForeignRevocation`, and nothing is signed | `a_revocation_of_a_stranger_is_not_signed` |
//! | 73 | leaves somebody out | keep the former identity alive there | `Lie::RevocationWithheld` | `a_friend_whom_the_server_would_not_have_told_is_noticed` |
//!
//! # What is not noticed
//!
//! That a server does nothing at all; what it counts and whom it tells; and what
//! [the inventory](crate::account::inventory#what-cannot-be-noticed) cannot show. A device that was just unlocked by a
//! recovery key believes the server what it cannot check by it, above all that nothing is older than it was.
//!
//! ```
//! use parchment_client::account::{AccountError, Lie};
//!
//! fn advise(error: &AccountError) -> String {
//!     match error.lie() {
//!         Some(Lie::FriendKey { handle }) => format!("Call {handle} before you write."),
//!         Some(lie) => lie.to_string(),
//!         None => format!("No lie: {error}"),
//!     }
//! }
//! # assert_eq!(advise(&Lie::FriendKey { handle: "bob@there.example".to_owned() }.into()), "Call bob@there.example before you write.");
//! ```
