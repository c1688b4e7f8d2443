//! Writes what a pass has changed: each table with one statement, whatever the number of rows.

use std::borrow::Cow;

use chrono_tz::Tz;
use serde_json::Value as Json;

use super::changes::{Changes, Logged};
use super::loaded::Loaded;
use super::pass::Pass;
use super::write::{Failed, News};
use crate::engine::{Engine, Subject};
use crate::model::calendar::Calendar;
use crate::model::effect::{Body, Effect, EffectKind};
use crate::model::id::{PersonId, RulesVersion};
use crate::model::inbound::Broken;
use crate::model::message::Delivery;
use crate::model::person::Person;
use crate::model::time::Second;
use crate::store::events::EventRow;
use crate::store::journeys::{EntryRow, JourneyRow};
use crate::store::memberships::TransitionRow;
use crate::store::messages::{DeliveryTimes, MessageRow};
use crate::store::notices::Notice;
use crate::store::outbox::NewEffect;
use crate::store::people::{NewPerson, StateRow};
use crate::store::quarantine::NewQuarantined;
use crate::store::{
    self, Tx, events, identities, journeys, memberships, messages, notices, outbox, people, quarantine,
};

/// Everything at once, in the order of the locks: people, then events by key, then what is theirs.
pub(super) async fn all(
    tx: &Tx,
    pass: Pass<'_>,
    loaded: &Loaded,
    rules: RulesVersion,
    now_ms: i64,
) -> Result<News, Failed> {
    let Pass { subjects, changes, context, .. } = pass;
    // Who goes gives names free that others may take.
    for person in &changes.erased {
        store::erase(tx, *person).await?;
    }
    profiles(tx, &subjects, &changes, loaded, rules).await?;
    ways(tx, &subjects, &changes, loaded, &context.versions.active).await?;
    log(tx, &changes, rules, now_ms).await?;
    states(tx, &subjects, &changes, loaded).await?;
    consequences(tx, &changes, loaded, rules).await?;
    let effects = effects(tx, &changes, now_ms).await?;
    records(tx, &changes, now_ms).await?;
    let wake = changes.touched.iter().filter_map(|id| subjects.get(id)).filter_map(|subject| subject.wake).min();
    let before = changes.touched.iter().filter_map(|id| loaded.subjects.get(id));
    let over_ms = before.filter_map(|subject| subject.wake).map(|wake| wake.next().0.saturating_mul(1000));
    let late_ms = over_ms.map(|over| now_ms.saturating_sub(over)).filter(|late| *late >= 0).collect();
    let touched = changes.touched.iter().copied().collect();
    Ok(News { effects, wake, touched, events: changes.events.len() as u64, late_ms })
}

type Subjects = std::collections::BTreeMap<PersonId, Subject>;

/// New people, changed ones, and the identifiers that they gain and lose.
async fn profiles(
    tx: &Tx,
    subjects: &Subjects,
    changes: &Changes,
    loaded: &Loaded,
    rules: RulesVersion,
) -> Result<(), Failed> {
    let made: Vec<NewPerson> =
        changes.made.iter().filter_map(|id| subjects.get(id)).map(|subject| newcomer(&subject.person)).collect();
    let changed: Vec<_> = changes
        .touched
        .iter()
        .filter(|id| !changes.made.contains(id))
        .filter_map(|id| subjects.get(id))
        .map(|subject| &subject.person)
        .filter(|person| loaded.subjects.get(&person.id).is_none_or(|before| before.person != **person))
        .collect();
    people::save_profiles(tx, &changed).await?;
    people::insert(tx, &made, rules).await?;
    identities::delete(tx, &changes.lost).await?;
    identities::insert(tx, &changes.gained).await?;
    Ok(())
}

/// By what schedules find people: their zone and values, of those who are another one now, or under other rules.
async fn ways(tx: &Tx, subjects: &Subjects, changes: &Changes, loaded: &Loaded, engine: &Engine) -> Result<(), Failed> {
    let (mut zones, mut values) = (Vec::new(), Vec::new());
    for subject in changes.touched.iter().filter_map(|id| subjects.get(id)) {
        let id = subject.person.id;
        let before = loaded.columns.get(&id);
        let is_outdated = before.is_none_or(|before| before.rules != engine.version());
        let is_same = loaded.subjects.get(&id).is_some_and(|before| before.person == subject.person);
        if is_same && !is_outdated {
            continue;
        }
        let zone = Calendar::own_zone(&engine.rules().schema, &subject.person).map(Tz::name);
        if before.and_then(|before| before.zone.as_deref()) != zone {
            zones.push((id, zone));
        }
        if engine.has_value_keys() {
            values.push((id, engine.value_keys(&subject.person)));
        }
    }
    people::set_zones(tx, &zones).await?;
    people::set_values(tx, &values).await?;
    Ok(())
}

fn newcomer(person: &Person) -> NewPerson {
    // Two who are made from the same number alone must meet at a unique key.
    let from_number = person.external_id.is_none() && person.email.is_none();
    NewPerson {
        id: person.id,
        cio_id: person.cio_id,
        external_id: person.external_id.clone(),
        email: person.email.clone(),
        first_number: person.phone.clone().filter(|_| from_number),
        phone: person.phone.clone(),
        attributes: person.attributes.clone(),
        known_since: person.known_since,
    }
}

/// The events. If a key turns out to be taken, somebody else was faster with the same message: begin again.
async fn log(tx: &Tx, changes: &Changes, rules: RulesVersion, now_ms: i64) -> Result<(), Failed> {
    let rows: Vec<EventRow> = changes
        .events
        .iter()
        .map(|logged: &Logged| EventRow {
            event: logged.event.clone(),
            person: logged.person,
            arrived_ms: arrived_ms(logged.event.arrived, now_ms),
            provider: Cow::Borrowed(logged.provider),
            provider_id: logged.provider_id.clone(),
            rules,
        })
        .collect();
    let written = events::insert(tx, &rows).await?;
    if written.len() == rows.len() { Ok(()) } else { Err(Failed::Moved) }
}

/// The millisecond of an arrival. What was caused at a second that was played later, or for which the clock stood
/// still, lies at the end of that second: the log says as of when it was taken in.
fn arrived_ms(arrived: Second, now_ms: i64) -> i64 {
    if arrived.0 == now_ms.div_euclid(1000) { now_ms } else { arrived.0.saturating_mul(1000).saturating_add(999) }
}

/// What the engine keeps, and the wake where it moved.
async fn states(tx: &Tx, subjects: &Subjects, changes: &Changes, loaded: &Loaded) -> Result<(), Failed> {
    let touched: Vec<&Subject> = changes.touched.iter().filter_map(|id| subjects.get(id)).collect();
    let rows: Vec<StateRow> = touched
        .iter()
        .map(|subject| StateRow {
            id: subject.person.id,
            last_seq: subject.state.last_seq,
            rules: subject.state.rules,
            state: subject.state.encode(),
        })
        .collect();
    people::save_states(tx, &rows).await?;
    let before = |id: PersonId| -> Option<Second> { loaded.subjects.get(&id).and_then(|subject| subject.wake) };
    let wakes: Vec<_> = touched
        .iter()
        .map(|subject| (subject.person.id, subject.wake))
        .filter(|(id, wake)| before(*id) != *wake)
        .collect();
    people::set_wakes(tx, &wakes).await?;
    Ok(())
}

async fn consequences(tx: &Tx, changes: &Changes, loaded: &Loaded, rules: RulesVersion) -> Result<(), Failed> {
    let transitions: Vec<_> = changes
        .transitions
        .iter()
        .map(|(person, transition)| TransitionRow { person: *person, transition: *transition, rules })
        .collect();
    memberships::write(tx, &transitions).await?;
    let known = |person: &Option<PersonId>, id| {
        let subject = person.and_then(|person| loaded.subjects.get(&person));
        subject.is_some_and(|subject| subject.journeys.iter().any(|journey| journey.id == id))
    };
    let (old, new): (Vec<_>, Vec<_>) =
        changes.journeys.values().partition(|(person, journey)| known(person, journey.id));
    let new: Vec<_> =
        new.into_iter().map(|(person, journey)| JourneyRow { journey: journey.clone(), person: *person }).collect();
    journeys::insert(tx, &new).await?;
    let old: Vec<_> = old.into_iter().map(|(_, journey)| journey).collect();
    journeys::save(tx, &old).await?;
    let entries: Vec<_> =
        changes.entries.iter().map(|(person, entry)| EntryRow { entry: entry.clone(), person: *person }).collect();
    journeys::log(tx, &entries).await?;
    Ok(())
}

/// Outbox rows, and for each send its message. True if there is something to deliver.
async fn effects(tx: &Tx, changes: &Changes, now_ms: i64) -> Result<bool, Failed> {
    let sends: Vec<_> =
        changes.effects.iter().filter_map(|(person, effect)| message(person.as_ref()?, effect)).collect();
    messages::insert(tx, &sends).await?;
    let news: Vec<_> = changes.messages.values().map(|(_, news)| news.clone()).collect();
    messages::update(tx, &news).await?;
    outbox::conclude(tx, &changes.concluded, outbox::State::Done, "told by a status").await?;
    let rows: Vec<_> = changes
        .effects
        .iter()
        .map(|(person, effect)| NewEffect { effect: effect.clone(), person: *person, endpoint: endpoint(effect) })
        .collect();
    let recorded = outbox::insert(tx, &rows, now_ms).await?;
    Ok(!recorded.is_empty())
}

fn message(person: &PersonId, effect: &Effect) -> Option<MessageRow> {
    let EffectKind::Send(outgoing) = &effect.kind else { return None };
    let (template, body) = match &outgoing.body {
        Body::Text(text) => (None, Some(text.clone())),
        Body::Template { name, .. } => (Some(name.clone()), None),
    };
    Some(MessageRow {
        id: effect.id,
        person: *person,
        campaign: Some(effect.campaign.clone()),
        step: Some(effect.step.clone()),
        journey: Some(effect.journey),
        template,
        sender: None,
        provider_key: None,
        created: effect.at,
        delivery: Delivery::Pending,
        times: DeliveryTimes::default(),
        failure: None,
        body,
    })
}

/// What effects of one person are counted by: the provider, or the address of a webhook.
fn endpoint(effect: &Effect) -> String {
    match &effect.kind {
        EffectKind::Send(_) => "whatsapp".to_owned(),
        EffectKind::Webhook(call) => {
            let end = call.url.char_indices().map(|(at, _)| at).take_while(|at| *at <= ENDPOINT_BYTES_MAX).last();
            let whole = call.url.len() <= ENDPOINT_BYTES_MAX;
            if whole { call.url.clone() } else { call.url[..end.unwrap_or(0)].to_owned() }
        }
    }
}

/// Indexed text is short: some databases refuse long keys.
const ENDPOINT_BYTES_MAX: usize = 512;

async fn records(tx: &Tx, changes: &Changes, now_ms: i64) -> Result<(), Failed> {
    let rows: Vec<_> = changes
        .notices
        .iter()
        .map(|noticed| Notice {
            at_ms: now_ms,
            kind: Cow::Borrowed(noticed.kind),
            person: noticed.person,
            key: noticed.key,
            data: match &noticed.data {
                Json::Object(data) => data.clone(),
                _ => serde_json::Map::new(),
            },
        })
        .collect();
    notices::insert(tx, &rows).await?;
    let rows: Vec<_> = changes
        .quarantine
        .iter()
        .map(|(provider, broken): &(&'static str, Broken)| NewQuarantined {
            arrived_ms: now_ms,
            provider,
            broken: broken.clone(),
        })
        .collect();
    quarantine::insert(tx, &rows).await?;
    Ok(())
}
