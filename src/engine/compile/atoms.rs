//! Event phrases become atoms, which equal phrases share; what has to hold for some time is followed.

use std::sync::Arc;

use super::{Builder, CompileError, next, push_once};
use crate::engine::atom::{Atom, AtomKey, Form, Kind, What, normal, normal_match};
use crate::engine::chain::Chain;
use crate::engine::compiled::{Uses, Watch};
use crate::engine::condition::Condition;
use crate::engine::matching::Matcher;
use crate::engine::window::{self, Part};
use crate::model::rule::{
    self, Change, Condition as Rule, Counted, Happened, Match, MessageTest, Phrase, Sequence, Verb, Window,
};

impl Builder<'_> {
    pub(super) fn happened(&mut self, happened: &Happened) -> Result<Condition, CompileError> {
        let window = happened.window;
        let times = match (&happened.what, &happened.counted) {
            (Phrase::Sequence(_), Counted::Times(times)) if times.enough() <= 1 => *times,
            (Phrase::Sequence(_), _) => return Err(CompileError::CountedSequence { rule: self.rule.clone() }),
            (Phrase::One(_), Counted::Times(times) | Counted::Distinct { times, .. }) => *times,
            (Phrase::One(_), Counted::Newest) => rule::Times::AtLeast(1),
        };
        let atom = self.atom(happened, times.enough().max(1))?;
        let deadline = self.atom_mut(atom).chain().and_then(|chain| chain.absent.as_ref()).map(|last| last.deadline);
        Ok(Condition::Happened { atom, times, window, deadline })
    }

    /// The person's own memory of a sequence, whatever it is looked at for.
    pub(super) fn sequence(&mut self, what: &Phrase, keep_all: bool) -> Result<AtomKey, CompileError> {
        let happened = Happened { what: what.clone(), counted: Counted::ONCE, window: Window::Ever };
        let atom = self.unscoped(&happened, 1, false)?;
        self.atom_mut(atom).keep_all |= keep_all;
        Ok(atom)
    }

    /// The memory that answers `happened`: the person's, or one of the journey's own.
    fn atom(&mut self, happened: &Happened, keep: u32) -> Result<AtomKey, CompileError> {
        if happened.window != Window::SinceEntry && !tests(&happened.what).any(is_scoped) {
            return self.unscoped(happened, keep, false);
        }
        let twin = match &happened.what {
            Phrase::Sequence(_) => Some(self.sequence(&happened.what, true)?),
            Phrase::One(_) => None,
        };
        let key = self.unscoped(happened, keep, true)?;
        if let Some(place) = self.atom_by_key.get(&key).copied()
            && !self.scoped.atoms.iter().any(|(known, _)| *known == place)
        {
            self.scoped.atoms.push((place, twin));
        }
        Ok(key)
    }

    fn unscoped(&mut self, happened: &Happened, keep: u32, scoped: bool) -> Result<AtomKey, CompileError> {
        let kind = Kind::of(happened);
        let part = Part::of(happened.window);
        let what = self.what(&happened.what, &kind)?;
        let numbers = numbers(&what);
        let local = part.is_local()
            || matches!(kind, Kind::Tally(Form::Days) | Kind::Values { by_day: true, .. })
            || matches!(&what, What::Sequence { chain, .. } if chain.is_local())
            || numbers.iter().any(|number| self.matchers.get(*number as usize).is_some_and(Matcher::is_local));
        let zone = local.then_some(&self.zone);
        let key = AtomKey::of(&(&kind, normal(&happened.what), part, scoped, zone));
        let keep_all = happened.window != Window::Ever;
        // A sequence begins before what the window holds.
        let back = match &happened.what {
            Phrase::One(_) => window::back(happened.window),
            Phrase::Sequence(_) => None,
        };
        if self.atom_by_key.contains_key(&key) {
            let atom = self.atom_mut(key);
            atom.keep = atom.keep.max(keep);
            atom.keep_all |= keep_all;
            atom.back = atom.back.zip(back).map(|(one, other)| one.max(other));
            return Ok(key);
        }
        let place = next(&self.atoms);
        for number in numbers {
            push_once(&mut self.uses_of(number).atoms, place);
        }
        let moves = tests(&happened.what).any(|rule| matches!(rule.verb, Verb::Moved(_)));
        let changes = tests(&happened.what).any(|rule| matches!(rule.verb, Verb::Changed(_)));
        let (conditions, timed, triggers) = (Vec::new(), Vec::new(), Vec::new());
        self.atoms.push(Atom {
            key,
            what,
            part,
            keep,
            keep_all,
            back,
            scoped,
            local,
            moves,
            changes,
            conditions,
            timed,
            triggers,
        });
        self.atom_by_key.insert(key, place);
        Ok(key)
    }

    fn what(&mut self, phrase: &Phrase, kind: &Kind) -> Result<What, CompileError> {
        Ok(match (phrase, kind) {
            (Phrase::Sequence(sequence), Kind::Tally(form)) => {
                What::Sequence { chain: self.chain(sequence)?, form: *form }
            }
            // Nothing else is asked of sequences.
            (Phrase::Sequence(sequence), _) => What::Sequence { chain: self.chain(sequence)?, form: Form::Times },
            (Phrase::One(rule), Kind::Tally(form)) => What::Tally { test: self.matcher(rule)?, form: *form },
            (Phrase::One(rule), Kind::Values { property, by_day }) => {
                What::Values { test: self.matcher(rule)?, property: property.clone(), by_day: *by_day }
            }
            (Phrase::One(rule), Kind::Newest) => {
                What::Newest { test: self.matcher(rule)?, among: self.matcher(&among(rule))? }
            }
        })
    }

    fn chain(&mut self, sequence: &Sequence) -> Result<Chain, CompileError> {
        Chain::compile(sequence, |rule| self.matcher(rule))
    }

    /// The memory of how long `rule` has held. It is followed from now on.
    pub(super) fn held(&mut self, rule: &Rule) -> Result<(AtomKey, Arc<Condition>), CompileError> {
        let own = std::mem::take(&mut self.scoped);
        let condition = Arc::new(self.condition(rule)?);
        let inner = std::mem::replace(&mut self.scoped, own);
        let scoped = !inner.is_empty();
        for atom in inner.atoms {
            if !self.scoped.atoms.contains(&atom) {
                self.scoped.atoms.push(atom);
            }
        }
        self.scoped.held.extend(inner.held);
        let key = AtomKey::of(&("held", self.digest(rule), scoped, &self.zone));
        if !self.atom_by_key.contains_key(&key) {
            let (conditions, timed, triggers) = (Vec::new(), Vec::new(), Vec::new());
            self.atom_by_key.insert(key, next(&self.atoms));
            self.atoms.push(Atom {
                key,
                what: What::Held,
                part: Part::All,
                keep: 1,
                keep_all: false,
                back: None,
                scoped,
                local: false,
                moves: false,
                changes: false,
                conditions,
                timed,
                triggers,
            });
            if !scoped {
                let meaning = self.digest(rule);
                self.watch(Arc::clone(&condition), Watch::Held(key), meaning);
            }
        }
        if scoped && !self.scoped.held.iter().any(|(known, _)| *known == key) {
            self.scoped.held.push((key, Arc::clone(&condition)));
        }
        Ok((key, condition))
    }

    /// A hash of what `rule` means, with the segments that it names.
    pub(super) fn digest(&self, rule: &Rule) -> AtomKey {
        let mut names = Vec::new();
        segments_in(rule, &mut names);
        let named: Vec<Option<AtomKey>> = names.iter().map(|name| self.digests.get(*name).copied()).collect();
        AtomKey::of(&(rule, named))
    }

    pub(super) fn atom_mut(&mut self, key: AtomKey) -> &mut Atom {
        let place = self.atom_by_key.get(&key).map(|place| *place as usize);
        place.and_then(|place| self.atoms.get_mut(place)).expect("an atom's key is given out when it is pushed")
    }

    /// The number of an event test; equal tests share one.
    pub(super) fn matcher(&mut self, rule: &Match) -> Result<u32, CompileError> {
        let key = AtomKey::of(&normal_match(rule));
        if let Some(number) = self.matcher_by_key.get(&key) {
            return Ok(*number);
        }
        let number = next(&self.matchers);
        let matcher = Matcher::compile(rule)
            .map_err(|error| CompileError::Pattern { rule: self.rule.clone(), problem: error.to_string() })?;
        self.matchers.push(matcher);
        self.uses.push(Uses::default());
        self.router.add(number, rule);
        self.matcher_by_key.insert(key, number);
        Ok(number)
    }

    pub(super) fn uses_of(&mut self, matcher: u32) -> &mut Uses {
        self.uses.get_mut(matcher as usize).expect("every matcher is pushed together with its uses")
    }
}

/// The event tests of a phrase.
fn tests(what: &Phrase) -> impl Iterator<Item = &Match> {
    let (first, steps) = match what {
        Phrase::One(rule) => (rule.as_ref(), [].as_slice()),
        Phrase::Sequence(sequence) => (&sequence.first, sequence.steps.as_slice()),
    };
    std::iter::once(first).chain(steps.iter().map(|step| &step.event))
}

/// Whether only a journey can tell.
fn is_scoped(rule: &Match) -> bool {
    rule.target.as_ref().is_some_and(|target| matches!(target.message, MessageTest::Step(_)))
}

/// The numbers of the event tests that `what` looks at.
pub(in crate::engine) fn numbers(what: &What) -> Vec<u32> {
    match what {
        What::Tally { test, .. } | What::Values { test, .. } => vec![*test],
        What::Newest { test, among } => vec![*test, *among],
        What::Sequence { chain, .. } => chain.tests().collect(),
        What::Held => Vec::new(),
    }
}

/// The events of which `most recently` takes the newest: those with the same verb, `to` and `via`. The name
/// belongs to the verb; of deliveries the message, and of a change the values, are tests on the newest.
fn among(rule: &Match) -> Match {
    let verb = match &rule.verb {
        Verb::Changed(change) => Verb::Changed(Box::new(Change { from: None, to: None, ..change.as_ref().clone() })),
        verb => verb.clone(),
    };
    let is_delivery = matches!(verb, Verb::WasSent | Verb::Received | Verb::Read | Verb::FailedToReceive);
    let target = rule.target.clone().filter(|_| !is_delivery);
    Match { target, via: rule.via, ..Match::any(verb) }
}

/// The segments that `rule` names.
fn segments_in<'r>(rule: &'r Rule, names: &mut Vec<&'r str>) {
    match rule {
        Rule::InSegment(name) => names.push(name),
        Rule::Not(part) | Rule::HeldFor { condition: part, .. } => segments_in(part, names),
        Rule::All(parts) | Rule::Any(parts) => parts.iter().for_each(|part| segments_in(part, names)),
        _ => {}
    }
}
