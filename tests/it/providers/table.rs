//! The table of providers is complete and consistent.

use std::collections::BTreeSet;

use antiphon::providers::PROVIDERS;

#[test]
fn names_and_routes_are_unique_and_settings_are_ours() {
    let names: BTreeSet<_> = PROVIDERS.iter().map(|provider| provider.name).collect();
    let routes: BTreeSet<_> = PROVIDERS.iter().filter_map(|provider| provider.webhook_path).collect();
    assert_eq!(names.len(), PROVIDERS.len());
    assert_eq!(routes.len(), PROVIDERS.iter().filter(|provider| provider.webhook_path.is_some()).count());
    for provider in PROVIDERS {
        let needs = provider.needs_to_receive.iter().chain(provider.needs_to_send);
        assert!(needs.clone().all(|name| name.starts_with("ANTIPHON_")), "{}", provider.name);
        // Whoever may call us must prove who they are.
        assert_eq!(provider.webhook_path.is_some(), !provider.needs_to_receive.is_empty(), "{}", provider.name);
    }
}
