//! What the document says of permissions is what the server asks for.

use reqwest::Method;
use serde_json::{Value, json};

use super::{NOBODY, make_role, set_roles};
use crate::support::app::TestApp;

/// The permission at the end of an operation's description.
fn needs(operation: &Value) -> Option<&str> {
    let (_, permission) = operation["description"].as_str()?.rsplit_once("Needs")?;
    permission.trim().strip_prefix('`')?.strip_suffix("`.")
}

/// Method, path and permission of every operation that needs one.
fn permitted_operations() -> Vec<(Method, String, String)> {
    let document: Value = serde_json::from_str(&parchment_server::openapi::document()).unwrap();
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let permission = needs(operation);
            // Another user's transfer is refused by 403 whoever asks.
            let refusal = operation["responses"]["403"]["description"].as_str();
            let refuses = refusal.is_some_and(|refusal| refusal.contains("`forbidden`"));
            assert_eq!(
                permission.is_some(),
                refuses,
                "{method} {path}: 403, or what is needed, is not said"
            );
            if let Some(permission) = permission {
                let path = path.replace("{id}", NOBODY);
                found.push((method.to_uppercase().parse().unwrap(), path, permission.to_owned()));
            }
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_asks_for_the_permission_that_its_description_names_and_for_no_other() {
    let app = TestApp::start().await;
    let admin = app.person("alice").await;
    let bob = app.sign_in("bob@mail.example").await;
    let all = admin.get("/users/permissions").await.expect(200).body;
    let mut all: Vec<String> = super::ids(&all);
    // What every account is for nobody can be without.
    let of_everybody = bob.get("/auth/sessions/current/permissions").await.expect(200).body;
    let of_everybody: Vec<String> = serde_json::from_value(of_everybody["permissions"].clone()).unwrap();
    all.retain(|one| !of_everybody.contains(one));
    make_role(&admin, "tried", &[]).await;
    set_roles(&admin, &bob, &["tried"]).await;
    let permit = async |permissions: Vec<&str>| {
        let body = Some(json!({ "permissions": permissions }));
        admin
            .call(Method::PUT, "/users/roles/tried/permissions", body)
            .await
            .expect(200);
    };
    let mut operations = permitted_operations();
    operations.retain(|(_, _, permission)| !of_everybody.contains(permission));
    assert!(operations.len() >= 13, "{}", operations.len());
    for (method, path, permission) in operations {
        permit(
            all.iter()
                .map(String::as_str)
                .filter(|one| *one != permission)
                .collect(),
        )
        .await;
        // Before the body is looked at, so that who may not call learns nothing of what it takes.
        let without = bob
            .call(method.clone(), &path, Some(json!({ "no such": "member" })))
            .await;
        assert_eq!((without.status, without.code()), (403, "forbidden"), "{method} {path}");
        assert!(without.text.contains(&permission), "{}", without.text);
        permit(vec![&permission]).await;
        let with = bob
            .call(method.clone(), &path, Some(json!({ "no such": "member" })))
            .await;
        assert_ne!(with.status, 403, "{method} {path}: {}", with.text);
    }
}
