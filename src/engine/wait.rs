//! How journeys wait: what they wait for, what makes them go on, what comes too late, and when they are to
//! be asked again. `exit` and `goal` are asked at the same instants.

use super::cap::next_time;
use super::evidence::{Awaited, Occasion};
use super::expression::Scope;
use super::journey::{Next, Spot};
use super::matching::{Observed, Witness};
use super::program::{Do, Program, Wait, WaitUntil};
use super::run::{Mode, Run};
use crate::model::event::{Event, NO_EVENT};
use crate::model::journey::{Heard, Journey, Overdue, Waiting, What};
use crate::model::rule::{self, Move};
use crate::model::time::{Length, Second, Span};
use crate::model::transition::Cause;
use crate::model::value::{Type, Value};

/// What a journey that waits is told when it asks.
enum Verdict {
    /// Go on at this instruction.
    On(u32),
    Outcome(u32),
    /// Nothing has happened by this second.
    TimedOut(Second),
    NotYet,
}

impl Run<'_> {
    /// Lets the journey stand still, unless the wait is over already.
    pub fn begin_wait(&mut self, spot: Spot<'_>, journey: &Journey, wait: &Wait) -> Next {
        match self.wait_end(journey, wait) {
            Some(until) if until > self.at => self.stand(spot, Some(until)),
            _ => Next::To(spot.instruction.behind),
        }
    }

    /// Whether the wait would be over already.
    pub fn is_past(&self, journey: &Journey, wait: &Wait) -> bool {
        self.wait_end(journey, wait).is_none_or(|until| until <= self.at)
    }

    /// The second at which the wait is over; none if it waits for an instant that is not known.
    fn wait_end(&self, journey: &Journey, wait: &Wait) -> Option<Second> {
        let calendar = self.calendar(journey);
        match wait {
            Wait::For(Length::Elapsed(span)) => Some(self.at.plus(*span)),
            // Whole days are over when the next one begins.
            Wait::For(length) => Some(calendar.deadline(self.at, *length).next()),
            Wait::UntilTime(time) => Some(next_time(calendar, *time, self.at)),
            Wait::Until { path, offset } => {
                let scope: Scope<'_> = self.scope(journey);
                let stored = path.json(&scope).ok()?;
                let instant = match Value::read(&stored, Type::Date).or_else(|| Value::read(&stored, Type::Time))? {
                    Value::Date(day) => calendar.start(day),
                    Value::Time(at) => at,
                    _ => return None,
                };
                Some(instant.plus(*offset))
            }
        }
    }

    /// Lets the journey wait for an outcome, unless there is one already.
    pub fn begin_wait_until(&mut self, spot: Spot<'_>, journey: &Journey, wait: &WaitUntil) -> Next {
        let scene = self.scene(journey);
        let known = wait.outcomes.iter().position(|outcome| outcome.awaited.condition.truth(scene, self.at));
        if let Some(number) = known.and_then(|number| u32::try_from(number).ok()) {
            return self.take_outcome(spot.place, wait, number).map_or(Next::Stop, Next::To);
        }
        let calendar = self.calendar(journey);
        self.stand(spot, wait.timeout.map(|(after, _)| calendar.deadline(self.at, after)))
    }

    /// The journey stands still where it is.
    pub fn stand(&mut self, spot: Spot<'_>, until: Option<Second>) -> Next {
        self.change(spot.place, |journey| journey.kept.waiting = Some(Waiting { until, disturbed: false }));
        self.rearm(spot.place);
        if let Some(journey) = self.subject.journeys.get(spot.place).cloned() {
            self.tell(&journey, &spot.instruction.step, until.map_or(What::Waits, What::WaitsUntil));
        }
        Next::Stop
    }

    /// The journey stands in front of its first step until `begins`.
    pub fn hold_back(&mut self, place: usize, begins: Second) {
        self.change(place, |journey| {
            journey.kept.held_back = true;
            journey.kept.waiting = Some(Waiting { until: Some(begins), disturbed: false });
        });
        self.rearm(place);
        if let Some(journey) = self.subject.journeys.get(place).cloned() {
            let cause = self.cause_of(&journey);
            self.enter(Some(journey.id), &journey.campaign, None, cause, What::WaitsUntil(begins));
        }
    }

    /// Asks all journeys that wait whether they can go on now: because of `event`, or because time has passed.
    /// Those that can are queued at `depth`.
    pub fn ask_journeys(&mut self, event: Option<&Event>, depth: u32) {
        if self.mode != Mode::Live {
            return;
        }
        let journeys = self.subject.journeys.iter().enumerate();
        let open = journeys.filter(|(_, journey)| journey.ended.is_none());
        let mut places: Vec<_> = open.map(|(place, journey)| (journey.started, place)).collect();
        places.sort_unstable();
        self.depth = depth;
        for (_, place) in places {
            // Who stands still hears all the same.
            if let Some(event) = event {
                self.listen(place, event);
            }
            self.ask_journey(place, event, depth);
        }
    }

    fn ask_journey(&mut self, place: usize, event: Option<&Event>, depth: u32) {
        let Some(journey) = self.subject.journeys.get(place).cloned() else { return };
        if self.versions.is_paused(&journey) {
            return;
        }
        let Some(waiting) = journey.kept.waiting else { return };
        let cause = event.filter(|event| event.key != NO_EVENT);
        let cause = cause.map_or(Cause::Wake, |event| Cause::Event { seq: event.seq, key: event.key });
        self.causes.insert(journey.id, cause);
        let Some((campaign, rule)) = self.plan(&journey) else { return self.queue.push_back((place, depth)) };
        if self.watch(place, event) {
            return;
        }
        let Some(instruction) = campaign.program.get(journey.position) else { return };
        let verdict = match &instruction.action {
            Do::WaitUntil(wait) if !journey.kept.held_back => self.verdict(&journey, wait, rule.grace, event),
            // A wake of this second comes behind all its events.
            _ if event.is_some() || waiting.until.is_some_and(|until| until > self.at) => Verdict::NotYet,
            Do::Wait(_) if !journey.kept.held_back => Verdict::On(instruction.behind),
            // It waited for its send window, or for its place behind an occurrence, and is run now.
            _ => Verdict::On(journey.position),
        };
        let target = match (verdict, &instruction.action) {
            (Verdict::On(target), _) => Some(target),
            (Verdict::Outcome(number), Do::WaitUntil(wait)) => self.take_outcome(place, wait, number),
            (Verdict::TimedOut(deadline), Do::WaitUntil(wait)) => self.time_out(place, wait, deadline),
            _ => None,
        };
        match target {
            Some(target) => {
                self.changed.insert(place);
                self.change(place, |journey| {
                    (journey.position, journey.wake, journey.kept.waiting) = (target, None, None);
                    journey.kept.held_back = false;
                });
                self.queue.push_back((place, depth));
            }
            None => {
                self.note_disturbance(place, waiting, event);
                self.rearm(place);
            }
        }
    }

    /// Whether a wait for an outcome is over. Past its deadline only what happened by then counts.
    fn verdict(&self, journey: &Journey, wait: &WaitUntil, grace: Span, event: Option<&Event>) -> Verdict {
        let Some(waiting) = journey.kept.waiting else { return Verdict::NotYet };
        let observed = event.map(Observed::new);
        let scene = self.scene(journey);
        let holds = |awaited: &Awaited| match (waiting.until.filter(|deadline| self.at > *deadline), &observed) {
            (None, _) => awaited.condition.truth(scene, self.at),
            (Some(deadline), Some(observed)) => {
                let occasion = Occasion::Event(observed, self.witness_for(journey));
                awaited.held_by(scene, deadline, self.at, occasion)
            }
            // The campaign may have been paused.
            (Some(deadline), None) => !waiting.disturbed && awaited.held_by(scene, deadline, self.at, Occasion::Time),
        };
        let found = wait.outcomes.iter().position(|outcome| holds(&outcome.awaited));
        match (found.and_then(|number| u32::try_from(number).ok()), waiting.until) {
            (Some(number), _) => Verdict::Outcome(number),
            (None, Some(deadline)) if event.is_none() && timeout_at(deadline, grace) <= self.at => {
                Verdict::TimedOut(deadline)
            }
            _ => Verdict::NotYet,
        }
    }

    /// Writes down that the wait ended with an outcome, and what answered. Returns where it goes on.
    fn take_outcome(&mut self, place: usize, wait: &WaitUntil, number: u32) -> Option<u32> {
        let outcome = wait.outcomes.get(number as usize)?;
        self.change(place, |journey| {
            let (position, kept) = (journey.position, &mut journey.kept);
            let answer = kept.heard.iter().position(|heard| (heard.position, heard.outcome) == (position, number));
            kept.answer = answer.map(|answer| kept.heard.swap_remove(answer).properties).unwrap_or_default();
            kept.heard.retain(|heard| heard.position > position);
        });
        self.tell_step(place, What::Outcome(outcome.name.clone()));
        Some(outcome.target)
    }

    fn time_out(&mut self, place: usize, wait: &WaitUntil, deadline: Second) -> Option<u32> {
        let (_, target) = wait.timeout?;
        self.change(place, |journey| {
            let (position, kept) = (journey.position, &mut journey.kept);
            kept.answer.clear();
            kept.heard.retain(|heard| heard.position > position);
            kept.overdue.push(Overdue { position, deadline });
        });
        self.tell_step(place, What::TimedOut);
        Some(target)
    }

    /// Keeps what an event says for the outcomes it is about, and notes where it comes too late.
    pub fn listen(&mut self, place: usize, event: &Event) {
        let Some(journey) = self.subject.journeys.get(place) else { return };
        let Some((campaign, _)) = self.plan(journey) else { return };
        let observed = Observed::new(event);
        let late = self.late_answers(journey, &campaign.program, &observed);
        let heard =
            if campaign.program.uses_answer { self.heard(journey, &campaign.program, &observed) } else { Vec::new() };
        let (journey, cause) = (journey.clone(), Cause::Event { seq: event.seq, key: event.key });
        for (step, outcome) in late {
            let what = What::LateAnswer(outcome);
            self.enter(Some(journey.id), &journey.campaign, Some(&step), cause, what);
        }
        if !heard.is_empty() {
            self.changed.insert(place);
            self.change(place, |journey| {
                let known = |old: &Heard| heard.iter().any(|h| (h.position, h.outcome) == (old.position, old.outcome));
                journey.kept.heard.retain(|old| !known(old));
                journey.kept.heard.extend(heard);
            });
        }
    }

    fn heard(&self, journey: &Journey, program: &Program, observed: &Observed<'_>) -> Vec<Heard> {
        let mut heard = Vec::new();
        for (position, wait) in program.waits_from(journey.position) {
            for (outcome, rule) in (0..).zip(&wait.outcomes) {
                if rule.awaited.is_met_by(observed, self.witness_for(journey)) {
                    heard.push(Heard { position, outcome, properties: observed.event.properties.clone() });
                }
            }
        }
        heard
    }

    /// For whom tests of the journey's events are made.
    fn witness_for(&self, journey: &Journey) -> Witness<'_> {
        Witness { journey: Some(journey.id), ..self.witness() }
    }

    /// The waits that `observed` would have ended in time: their steps and outcomes.
    fn late_answers(&self, journey: &Journey, program: &Program, observed: &Observed<'_>) -> Vec<(String, String)> {
        let mut late = Vec::new();
        let scene = self.scene(journey);
        for Overdue { position, deadline } in journey.kept.overdue.iter().copied() {
            let Some(instruction) = program.get(position).filter(|_| observed.event.at <= deadline) else { continue };
            let Do::WaitUntil(wait) = &instruction.action else { continue };
            let witness = self.witness_for(journey);
            let answered = wait.outcomes.iter().find(|outcome| {
                let occasion = Occasion::Event(observed, witness);
                outcome.awaited.is_met_by(observed, witness)
                    && outcome.awaited.held_by(scene, deadline, self.at, occasion)
            });
            late.extend(answered.map(|outcome| (instruction.step.clone(), outcome.name.clone())));
        }
        late
    }

    /// Looks at the campaign's `exit` and `goal`. Returns whether the journey is over.
    pub fn watch(&mut self, place: usize, event: Option<&Event>) -> bool {
        let Some(journey) = self.subject.journeys.get(place) else { return true };
        let Some((campaign, rule)) = self.plan(journey) else { return false };
        let scene = self.scene(journey);
        if campaign.exit.as_ref().is_some_and(|exit| exit.truth(scene, self.at)) {
            self.end(place, "exit condition");
            return true;
        }
        let (Some(awaited), Some(goal)) = (&campaign.goal, &rule.goal) else { return false };
        if journey.kept.converted || !self.is_reached(journey, awaited, (goal, rule.grace), event) {
            return false;
        }
        let journey = journey.clone();
        self.changed.insert(place);
        self.change(place, |journey| journey.kept.converted = true);
        let cause = self.cause_of(&journey);
        self.enter(Some(journey.id), &journey.campaign, None, cause, What::Converted);
        self.moved(Move::ConvertedIn(journey.campaign), cause);
        if goal.exit {
            self.end(place, "goal");
        }
        goal.exit
    }

    /// Whether the goal is reached within its time.
    fn is_reached(
        &self,
        journey: &Journey,
        awaited: &Awaited,
        (goal, grace): (&rule::Goal, Span),
        event: Option<&Event>,
    ) -> bool {
        let scene = self.scene(journey);
        match goal.within.map(|within| journey.started.plus(within)).filter(|deadline| self.at > *deadline) {
            None => awaited.condition.truth(scene, self.at),
            Some(deadline) if self.at > timeout_at(deadline, grace) => false,
            Some(deadline) => event.is_some_and(|event| {
                let observed = Observed::new(event);
                let occasion = Occasion::Event(&observed, self.witness_for(journey));
                awaited.held_by(scene, deadline, self.at, occasion)
            }),
        }
    }

    /// Notes that what holds now is not what held by the deadline.
    fn note_disturbance(&mut self, place: usize, waiting: Waiting, event: Option<&Event>) {
        let is_past = |until: Option<Second>| until.is_some_and(|until| self.at > until);
        if event.is_some() && is_past(waiting.until) && !waiting.disturbed {
            self.changed.insert(place);
            self.change(place, |journey| journey.kept.waiting = Some(Waiting { disturbed: true, ..waiting }));
        }
    }

    /// Sets when time alone can make the journey go on or end.
    fn rearm(&mut self, place: usize) {
        let Some(journey) = self.subject.journeys.get(place) else { return };
        let wake = self.next_asking(journey);
        if journey.wake != wake {
            self.changed.insert(place);
            self.change(place, |journey| journey.wake = wake);
        }
    }

    fn next_asking(&self, journey: &Journey) -> Option<Second> {
        let waiting = journey.kept.waiting?;
        let (campaign, rule) = self.plan(journey)?;
        let scene = self.scene(journey);
        let exit = campaign.exit.as_ref().and_then(|exit| exit.next_flip(scene, self.at, false));
        let goal = campaign.goal.as_ref().filter(|_| !journey.kept.converted);
        let goal = goal.and_then(|goal| goal.condition.next_flip(scene, self.at, false));
        let by = rule.goal.as_ref().and_then(|goal| goal.within).map(|within| journey.started.plus(within));
        let goal = goal.filter(|flip| by.is_none_or(|by| *flip <= by));
        let own = match campaign.program.get(journey.position).map(|instruction| &instruction.action) {
            Some(Do::WaitUntil(wait)) if !journey.kept.held_back => {
                let flips = wait.outcomes.iter().filter_map(|o| o.awaited.condition.next_flip(scene, self.at, false));
                let flips = flips.filter(|flip| waiting.until.is_none_or(|deadline| *flip <= deadline));
                flips.chain(waiting.until.map(|deadline| timeout_at(deadline, rule.grace))).min()
            }
            _ => waiting.until,
        };
        [exit, goal, own].into_iter().flatten().min()
    }

    /// Lets all journeys that wait be asked at the next wake: the rules have changed, and with them who is paused.
    pub fn recall_journeys(&mut self) {
        let floor = self.subject.state.floor;
        for (place, journey) in self.subject.journeys.iter_mut().enumerate() {
            if journey.kept.waiting.is_some() && journey.wake != Some(floor) {
                journey.wake = Some(floor);
                self.changed.insert(place);
            }
        }
    }

    fn tell_step(&mut self, place: usize, what: What) {
        let Some(journey) = self.subject.journeys.get(place).cloned() else { return };
        let step = self.plan(&journey).and_then(|(campaign, _)| campaign.program.get(journey.position));
        if let Some(step) = step {
            self.tell(&journey, &step.step, what);
        }
    }
}

/// The second at which nothing can count any more for a wait that ends with `deadline`.
fn timeout_at(deadline: Second, grace: Span) -> Second {
    deadline.next().plus(grace)
}
