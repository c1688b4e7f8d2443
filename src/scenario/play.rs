//! A story from its beginning to its end. The clock jumps: to the next event, the next wake, the next
//! expectation. In one second the arrivals come first, in the order of the file, and then the wakes.

use std::collections::{BTreeMap, BTreeSet};

use super::asked::{self, Asked};
use super::compare::{Difference, Done, differences};
use super::coverage::Seen;
use super::life::{self, Life, Refusal, SENDS_PER_SECOND_MAX, WAKES_MAX};
use super::moment::{local_words, offset_words};
use super::reason;
use super::report::{Failure, Instant, Outcome};
use super::stage::Stage;
use super::story::{Expectation, ExpectedEffect, Happening, Members, Story, Until, What, Which, Who};
use super::told::Saying;
use crate::diagnostic::{Code, Span};
use crate::model::calendar::Calendar;
use crate::model::event::Kind;
use crate::model::id::PersonId;
use crate::model::identity::Channel;
use crate::model::inbound::Sender;
use crate::model::person::Person;
use crate::model::phone::Phone;
use crate::model::time::{Second, Span as Time};
use crate::model::value::Properties;
use crate::resolve::identity::{self, Holder};

/// Plays `story` and says where it is not as expected. One with `todo` is not played.
#[must_use]
pub fn play(stage: &Stage, story: &Story) -> Outcome {
    if let Some(reason) = &story.todo {
        return Outcome::todo(reason);
    }
    let mut world = World::new(stage, story);
    if world.run() {
        world.check_effects();
    }
    let seen = Seen::of(&world);
    Outcome::played(world.failures, seen)
}

/// A story under way.
pub struct World<'a> {
    pub stage: &'a Stage,
    pub story: &'a Story,
    /// None: not known yet.
    pub lives: Vec<Option<Life>>,
    /// What was done for people whom nobody knows.
    strangers: Vec<(Phone, Asked)>,
    failures: Vec<Failure>,
    /// Wakes that may still be played.
    pub wakes_left: usize,
}

impl<'a> World<'a> {
    fn new(stage: &'a Stage, story: &'a Story) -> Self {
        let lives = story.people.iter().map(|_| None).collect();
        Self { stage, story, lives, strangers: Vec::new(), failures: Vec::new(), wakes_left: WAKES_MAX }
    }

    /// Plays to the end, and says whether that was reached.
    fn run(&mut self) -> bool {
        let story = self.story;
        let mut arrivals: BTreeMap<Second, Vec<(usize, &Happening)>> = BTreeMap::new();
        for (entry, happening) in story.timeline.iter().enumerate() {
            arrivals.entry(happening.arrives).or_default().push((entry, happening));
        }
        for second in stops(story) {
            if !self.pass(second.minus(Time(1))) {
                return false;
            }
            self.births(second);
            let arrived = arrivals.get(&second).map(Vec::as_slice).unwrap_or_default();
            for (entry, happening) in arrived {
                self.arrive(*entry, happening);
            }
            if !self.pass(second) {
                return false;
            }
            for (entry, happening) in arrived {
                self.check_refusal(*entry, happening);
            }
            for expectation in story.expectations.iter().filter(|expectation| expectation.at == second) {
                self.check(expectation);
            }
        }
        for (life, someone) in self.lives.iter().zip(&story.people) {
            if life.as_ref().is_some_and(|life| life.is_looping) {
                let failure = Failure::new(Code::E1001, story.span, format!("messages to {}", someone.name));
                let found = format!("more than {SENDS_PER_SECOND_MAX} in one second, each because of another");
                self.failures.push(failure.expected("an end of them", found));
            }
        }
        true
    }

    /// Lets time pass for everybody, up to the end of `until`. False: there is too much of it, which is said.
    fn pass(&mut self, until: Second) -> bool {
        for life in self.lives.iter_mut().flatten() {
            if !life.pass(self.stage, until, &mut self.wakes_left) {
                let at = life.subject.wake.unwrap_or(until);
                let failure = Failure::new(Code::E1001, self.story.span, "the length of the story".to_owned());
                let failure = failure.expected(
                    format!("at most {WAKES_MAX} times at which time alone does something"),
                    "more; a campaign may start itself again without end",
                );
                self.failures.push(failure.at(self.instant(at, None)));
                return false;
            }
        }
        true
    }

    fn births(&mut self, second: Second) {
        for (number, someone) in self.story.people.iter().enumerate().filter(|(_, one)| one.known_since == second) {
            let mut life = Life::new(self.stage, number, someone, self.story.start);
            let theirs = self.story.timeline.iter().enumerate().filter(|(_, found)| found.who == Who::Person(number));
            life.refusals = theirs
                .filter_map(|(entry, happening)| match &happening.what {
                    What::Became(Kind::Failed, which) => {
                        Some(Refusal { entry, at: happening.at, which: which.clone(), used: false })
                    }
                    _ => None,
                })
                .collect();
            if let Some(place) = self.lives.get_mut(number) {
                *place = Some(life);
            }
        }
    }

    fn arrive(&mut self, entry: usize, happening: &Happening) {
        let (stage, at, arrives) = (self.stage, happening.at, happening.arrives);
        let number = match &happening.who {
            Who::Person(number) => Some(*number),
            Who::Number(phone) => self.holder(phone),
        };
        let mut life = number.and_then(|number| self.lives.get_mut(number)).and_then(Option::as_mut);
        if let Some(life) = &mut life {
            life.entry = Some(entry);
        }
        if let What::Said { kind, properties, to } = &happening.what {
            let messages = life.as_ref().map(|life| life.messages.as_slice()).unwrap_or_default();
            let context = match to {
                None => None,
                Some((which, span)) => match which.newest(messages, at) {
                    Some(found) => Some(found.message.id),
                    None => return self.no_message(happening, which, *span),
                },
            };
            let saying = Saying { kind, properties, context, at, arrives };
            match (life, &happening.who) {
                (Some(life), _) => life.say(stage, &saying, entry),
                (None, Who::Number(phone)) => {
                    let done = life::anonymous(stage, &saying, phone, entry);
                    self.strangers.extend(done.into_iter().map(|asked| (phone.clone(), asked)));
                }
                (None, Who::Person(_)) => {}
            }
            return;
        }
        // The reader has seen to it that the person is known by now.
        let Some(life) = life else { return };
        match &happening.what {
            What::Performed { name, properties } => {
                life.happen(stage, Kind::Custom(name.clone()), properties.clone(), entry, (at, arrives));
            }
            What::WasSent(which) => life.was_sent(stage, which, entry, at, arrives),
            What::Became(kind, which) => self.became(entry, happening, kind, which, number),
            What::Set(written) => life.set(stage, written.clone(), at, arrives),
            What::Moved { segment, joined } => {
                let is_in = stage.segment(segment).is_some_and(|segment| life.subject.state.is_in(segment));
                if is_in != *joined {
                    let kind = if *joined { Kind::SegmentJoined } else { Kind::SegmentLeft }(segment.clone());
                    life.happen(stage, kind, Properties::new(), entry, (at, arrives));
                }
            }
            What::Said { .. } => {}
        }
    }

    /// What became of a message. A failure in the very second of a send was seen to when that was made.
    fn became(&mut self, entry: usize, happening: &Happening, kind: &Kind, which: &Which, number: Option<usize>) {
        let life = number.and_then(|number| self.lives.get_mut(number)).and_then(Option::as_mut);
        let Some(life) = life else { return };
        let found = which.newest(&life.messages, happening.at).map(|found| found.message.id);
        let refusal = life.refusals.iter_mut().find(|refusal| refusal.entry == entry);
        match (refusal, found) {
            (Some(refusal), _) if refusal.used => {}
            // It may be sent by a wake of this second.
            (Some(_), None) => {}
            (refusal, Some(message)) => {
                if let Some(refusal) = refusal {
                    refusal.used = true;
                }
                life.became(self.stage, kind, message, entry, (happening.at, happening.arrives));
            }
            (None, None) => self.no_message(happening, which, happening.span),
        }
    }

    /// Complains of a failure of something that was not sent.
    fn check_refusal(&mut self, entry: usize, happening: &Happening) {
        let (What::Became(Kind::Failed, which), Who::Person(number)) = (&happening.what, &happening.who) else {
            return;
        };
        let life = self.lives.get(*number).and_then(Option::as_ref);
        let refusal = life.and_then(|life| life.refusals.iter().find(|refusal| refusal.entry == entry));
        if refusal.is_some_and(|refusal| !refusal.used) {
            self.no_message(happening, which, happening.span);
        }
    }

    fn no_message(&mut self, happening: &Happening, which: &Which, span: Span) {
        let failure = Failure::new(Code::E1002, span, which.words());
        let who = self.name(&happening.who);
        let failure = failure.expected(format!("a message to {who}"), "none").at(self.instant(happening.at, None));
        self.failures.push(failure);
    }

    /// Who has this number now.
    fn holder(&self, phone: &Phone) -> Option<usize> {
        let oldest_by = self.stage.rules().schema.oldest_by;
        let people = self.lives.iter().flatten().map(|life| &life.subject.person);
        let holders: Vec<Holder> = people
            .filter_map(|person| {
                let value = person.phone.as_ref()?.as_str().to_owned();
                let since = identity::age(person, oldest_by);
                Some(Holder { channel: Channel::Phone, value, person: person.id, since })
            })
            .collect();
        let sender = Sender { number: Some(phone.clone()), ..Sender::default() };
        let PersonId(id) = identity::choose(&identity::keys(&sender), &holders)?.person;
        self.lives.iter().position(|life| life.as_ref().is_some_and(|life| life.subject.person.id.0 == id))
    }

    fn check(&mut self, expectation: &Expectation) {
        for members in &expectation.members {
            self.check_members(expectation.at, members);
        }
        for until in &expectation.until {
            self.check_until(expectation.at, until);
        }
    }

    fn check_members(&mut self, at: Second, members: &Members) {
        let Some(segment) = self.stage.segment(&members.segment) else { return };
        let lives = self.lives.iter().enumerate();
        let found: Vec<usize> = lives
            .filter(|(_, life)| life.as_ref().is_some_and(|life| life.is_in(segment, at)))
            .map(|(n, _)| n)
            .collect();
        if found == members.people {
            return;
        }
        let differing: Vec<usize> =
            (0..self.lives.len()).filter(|number| found.contains(number) != members.people.contains(number)).collect();
        let reasons = differing.iter().map(|number| reason::membership(self, *number, segment, at));
        let failure = Failure::new(Code::E1001, members.span, members.segment.clone())
            .expected(self.names(&members.people), self.names(&found))
            .at(self.instant(at, differing.first().copied()))
            .because(reasons.collect());
        self.failures.push(failure);
    }

    fn check_until(&mut self, at: Second, until: &Until) {
        let Some(segment) = self.stage.segment(&until.segment) else { return };
        let life = self.lives.get(until.person).and_then(Option::as_ref);
        let flip = life.and_then(|life| life.next_flip(self.stage, segment, at));
        if flip == until.flip {
            return;
        }
        let words =
            |flip: Option<Second>| flip.map_or_else(|| "never".to_owned(), |flip| self.both(flip, until.person));
        let what = format!("{} until", until.segment);
        let failure = Failure::new(Code::E1001, until.span, what)
            .expected(words(until.flip), words(flip))
            .at(self.instant(at, Some(until.person)))
            .because(vec![reason::membership(self, until.person, segment, at)]);
        self.failures.push(failure);
    }

    fn check_effects(&mut self) {
        let story = self.story;
        let Some(listed) = &story.effects else { return };
        let listed: Vec<ExpectedEffect> = listed
            .iter()
            .cloned()
            .map(|effect| match &effect.who {
                Who::Number(phone) => {
                    let who = self.holder(phone).map_or_else(|| effect.who.clone(), Who::Person);
                    ExpectedEffect { who, ..effect }
                }
                Who::Person(_) => effect,
            })
            .collect();
        let done = self.done();
        for difference in differences(&listed, &done) {
            let failure = match difference {
                Difference::Missing(n, near) => {
                    let Some(effect) = listed.get(n) else { continue };
                    let found = near.and_then(|near| done.get(near)).map_or_else(
                        || "nothing of the kind".to_owned(),
                        |near| {
                            let words = asked::words(near.asked.kind, &near.asked.body, Some(&effect.body));
                            let other = near.asked.at != effect.at;
                            let at = offset_words(story.start, near.asked.at);
                            if other { format!("{words} at {at}") } else { words }
                        },
                    );
                    let expected = asked::words(effect.kind, &effect.body, Some(&effect.body));
                    self.effect(effect.span, &effect.who, effect.at).expected(expected, found)
                }
                Difference::Extra(n) => {
                    let Some(done) = done.get(n) else { continue };
                    let found = asked::words(done.asked.kind, &done.asked.body, None);
                    self.effect(story.span, &done.who, done.asked.at).expected("nothing", found)
                }
            };
            self.failures.push(failure);
        }
    }

    fn effect(&self, span: Span, who: &Who, at: Second) -> Failure {
        let person = if let Who::Person(person) = who { Some(*person) } else { None };
        let what = format!("effects for {}", self.name(who));
        Failure::new(Code::E1001, span, what).at(self.instant(at, person))
    }

    /// Everything that campaigns did from the start on, in the order of time.
    fn done(&self) -> Vec<Done> {
        let lives = self.lives.iter().enumerate().filter_map(|(n, life)| Some((n, life.as_ref()?)));
        let known = lives.flat_map(|(n, life)| life.asked.iter().map(move |asked| (Who::Person(n), asked)));
        let strangers = self.strangers.iter().map(|(phone, asked)| (Who::Number(phone.clone()), asked));
        let all = known.chain(strangers).filter(|(_, asked)| asked.at >= self.story.start);
        let mut done: Vec<Done> = all.map(|(who, asked)| Done { who, asked: asked.clone() }).collect();
        done.sort_by_key(|done| done.asked.at);
        done
    }

    /// The name of a person as the test has it.
    pub fn name(&self, who: &Who) -> String {
        match who {
            Who::Person(number) => {
                self.story.people.get(*number).map(|someone| someone.name.clone()).unwrap_or_default()
            }
            Who::Number(phone) => phone.as_str().to_owned(),
        }
    }

    fn names(&self, people: &[usize]) -> String {
        let names: Vec<String> = people.iter().map(|number| self.name(&Who::Person(*number))).collect();
        format!("[{}]", names.join(", "))
    }

    /// `at` both ways; local to `person`, or to people without a zone of their own.
    fn instant(&self, at: Second, person: Option<usize>) -> Instant {
        Instant { offset: offset_words(self.story.start, at), local: self.local(at, person) }
    }

    /// What the clocks of `person` show at `at`.
    pub fn local(&self, at: Second, person: Option<usize>) -> String {
        let life = person.and_then(|number| self.lives.get(number)).and_then(Option::as_ref);
        let nobody = Person::nobody();
        let person = life.map_or(&nobody, |life| &life.subject.person);
        local_words(Calendar::of(&self.stage.rules().schema, person), self.story.start, at)
    }

    fn both(&self, at: Second, person: usize) -> String {
        format!("{} ({})", offset_words(self.story.start, at), self.local(at, Some(person)))
    }
}

/// The seconds in which something happens or is looked at. The last one ends the story.
fn stops(story: &Story) -> BTreeSet<Second> {
    let births = story.people.iter().map(|someone| someone.known_since);
    let arrivals = story.timeline.iter().map(|happening| happening.arrives);
    let looks = story.expectations.iter().map(|expectation| expectation.at);
    let effects = story.effects.iter().flatten().map(|effect| effect.at);
    births.chain(arrivals).chain(looks).chain(effects).collect()
}
