//! A facilitation board for real councils: it announces, receives, adds up and revises, and does nothing else.

mod check;
mod protocol;
mod saved;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::collective::Alone;
use crate::economy::Layout;
use crate::history::{History, Shown};
use crate::proposals::Received;
use crate::{Config, CouncilId, Disclosure, Error, PriceRule, Proposals, Register, Round, Status};
use check::{EFFORT, EFFORT_COST, INPUTS, Numbers, OUTPUT};
pub use protocol::{Amount, Announcement, Ending, Message, Plan, Proposal, Receipt, Verdict};

/// What a board does about councils that have not proposed when a round is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Missing {
    /// The round stays open until all have proposed.
    #[default]
    Wait,
    /// What the council last proposed counts again; of a consumer council, as much of it as its income buys at the new
    /// prices. A council that never proposed makes, uses and consumes nothing.
    CarryForward,
    /// The council makes, uses and consumes nothing in this round.
    Abstain,
}

/// What became of a round that was to be closed.
#[derive(Clone, Debug, PartialEq)]
pub enum Closing<'a> {
    /// It is closed, and this is what it showed.
    Closed(&'a Round),
    /// It is still open: under [`Missing::Wait`], these councils have to propose first.
    Waiting(Vec<CouncilId>),
}

/// The facilitation board of a planning process with real councils, as a state machine without input and output.
///
/// ```text
///            announce                    receive                    close
/// new ──▶ [round 1 open] ──▶ proposals, in any order ──▶ [round 1 closed] ──▶ status? ── end
///              ▲                                                │
///              └───────────────── revise: round + 1 ◀───────────┘
/// ```
///
/// The board knows goods, councils and incomes (the [`Register`]), a price rule, and what it is told: no
/// technology, no taste, no clock and no wire. Whoever owns it carries [messages](Message) between it and the councils
/// and decides when a round is over.
///
/// - A proposal is known by its council and round. It counts once; the same again changes nothing, another one is
///   refused, as is whatever comes too late or makes no sense. Every proposal gets a [`Receipt`], and what is
///   refused changes nothing.
/// - Proposals are added up exactly, so that neither the order in which they arrive nor the groups that councils form
///   (see [`Federation`](crate::Federation)) show in the prices, not even in the last bit.
/// - The board can be serialised at any moment, in the middle of a round too, and goes on from there with the same
///   bits. The rule's memory is part of it, for which the rule needs serde too; of a rule of your own, derive it.
///
/// # A simulated process
/// [`plan`](crate::plan) is this process with councils that answer at once and truly. It has a loop of its own because
/// millions of simulated councils need not be asked one by one: their proposals are never formed where the rule does
/// not look at them, and what consumer councils spend is added up once. Rounds, endings and rules are the same code.
/// Prices agree to rounding, and with [`Config::with_exact_sums`] in every bit; only what
/// [`RevealedNewton`](crate::RevealedNewton) adds up over councils takes them in the order in which an [economy](crate::Economy)
/// stores them, Cobb–Douglas councils first.
///
/// A rule is shown what it [asks for](crate::Disclosure), but elasticities, which nobody reports to a board:
/// [`Newton`](crate::Newton) does without them what [`Recorded`](crate::Recorded) does.
///
/// # Complexity
/// Receiving is linear in the size of a proposal (times the number of goods the council is registered for), closing
/// linear in the size of all, revising what the rule needs.
///
/// # Example
/// ```
/// use parecon_planning::{Closing, Config, FacilitationBoard, RevealedNewton, Verdict, experiment};
///
/// // Councils that know their own technologies and tastes. The board knows their register only.
/// let councils = experiment::small_example()?;
/// let mut board = FacilitationBoard::new(councils.register(), RevealedNewton::new(), Config::new())?;
/// loop {
///     for proposal in councils.propose(board.announcement())? {
///         assert_eq!(board.receive(&proposal).verdict, Verdict::Accepted);
///         assert_eq!(board.receive(&proposal).verdict, Verdict::AlreadyReceived);
///     }
///     // The process may be stored away and taken up again.
///     let saved = serde_json::to_string(&board)?;
///     board = serde_json::from_str(&saved)?;
///
///     let Closing::Closed(round) = board.close()? else { return Err("everybody has proposed".into()) };
///     println!("round {}: {:.1} % from agreement", round.number, 100.0 * round.largest_imbalance);
///     if board.status().is_some() {
///         break;
///     }
///     board.revise()?;
/// }
/// assert!(board.status().is_some_and(|status| status.is_converged()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct FacilitationBoard<R> {
    register: Register,
    layout: Arc<Layout>,
    rule: R,
    missing: Missing,
    history: History,
    announcement: Announcement,
    /// This round's, worker councils first.
    received: Vec<Option<Numbers>>,
    /// What each council last proposed in earlier rounds.
    earlier: Vec<Option<Numbers>>,
    closed: Option<Closed>,
}

/// A closed round.
#[derive(Clone, Debug)]
struct Closed {
    /// What counts.
    proposals: Proposals,
    /// The policy it was closed under.
    missing: Missing,
}

impl<R: PriceRule> FacilitationBoard<R> {
    /// A board that has opened the first round.
    ///
    /// Of the configuration, certificates are out of its reach: they need the councils' technologies.
    ///
    /// # Errors
    /// As [`Register::validate`] and [`Config::validate`].
    pub fn new(register: Register, rule: R, config: Config) -> Result<Self, Error> {
        register.validate()?;
        config.validate_for(&register.goods)?;
        let prices = config.start_prices_of(&register.goods)?;
        let sharers = register.consumer_councils.len();
        let councils = register.worker_councils.len() + sharers;
        Ok(FacilitationBoard {
            layout: Arc::new(Layout::of(&register)),
            register,
            rule,
            missing: Missing::default(),
            history: History::new(config),
            announcement: Announcement { round: 1, prices, sharers },
            received: vec![None; councils],
            earlier: vec![None; councils],
            closed: None,
        })
    }

    /// What to do about councils that have not proposed, when the next round is closed.
    #[must_use]
    pub fn with_missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Goods and councils as the board knows them.
    #[must_use]
    pub fn register(&self) -> &Register {
        &self.register
    }

    /// The present round, open or closed, and its prices.
    #[must_use]
    pub fn announcement(&self) -> &Announcement {
        &self.announcement
    }

    /// Whether proposals for the present round can still be received.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// The councils that have not proposed in the present round; once it is closed, those that did not.
    pub fn missing(&self) -> impl Iterator<Item = CouncilId> {
        let councils = self.register.councils().zip(&self.received);
        councils.filter(|(_, received)| received.is_none()).map(|(council, _)| council)
    }

    /// Takes in a proposal, or says why not.
    ///
    /// # Example
    /// ```
    /// use parecon_planning::{Config, CouncilId, FacilitationBoard, Plan, Proposal, Recorded, Verdict, experiment};
    ///
    /// let register = experiment::small_example()?.register();
    /// let mut board = FacilitationBoard::new(register, Recorded::new(), Config::new())?;
    /// let nothing = Plan::Consumer { requests: Vec::new(), permits: Vec::new() };
    /// let mut proposal = Proposal { council: CouncilId::Consumer(0), round: 2, plan: nothing };
    /// assert_eq!(board.receive(&proposal).verdict, Verdict::NotAnnounced);
    /// proposal.round = 1;
    /// assert_eq!(board.receive(&proposal).verdict, Verdict::Accepted);
    /// assert_eq!(board.missing().count(), 5);
    /// # Ok::<(), parecon_planning::Error>(())
    /// ```
    pub fn receive(&mut self, proposal: &Proposal) -> Receipt {
        let (verdict, message) = match self.consider(proposal) {
            Ok(verdict) => (verdict, String::new()),
            Err(refusal) => (refusal.verdict, refusal.message),
        };
        Receipt { council: Some(proposal.council), round: Some(proposal.round), verdict, message }
    }

    /// [Receives](Self::receive) a proposal as a line of JSON, and says likewise what became of it.
    ///
    /// # Example
    /// ```
    /// use parecon_planning::{Config, FacilitationBoard, Recorded, Verdict, experiment};
    ///
    /// let register = experiment::small_example()?.register();
    /// let mut board = FacilitationBoard::new(register, Recorded::new(), Config::new())?;
    /// let line = r#"{"type":"proposal","council":{"consumer":1},"round":1,
    ///     "plan":{"consumer":{"requests":[{"good":0,"quantity":301}]}}}"#;
    /// let receipt = board.receive_line(line);
    /// assert_eq!(receipt.verdict, Verdict::OverIncome);
    /// assert_eq!(receipt.message, "\"valley\" asks for 301 worth of goods, must be at most its income of 300");
    /// assert_eq!(board.receive_line("what?").verdict, Verdict::Malformed);
    /// # Ok::<(), parecon_planning::Error>(())
    /// ```
    pub fn receive_line(&mut self, line: &str) -> Receipt {
        let malformed =
            |message| Receipt { council: None, round: None, verdict: Verdict::Malformed, message };
        match Message::from_line(line) {
            Ok(Message::Proposal(proposal)) => self.receive(&proposal),
            Ok(_) => malformed("councils send proposals only".into()),
            Err(error) => malformed(error.to_string()),
        }
    }

    fn consider(&mut self, proposal: &Proposal) -> Result<Verdict, check::Refusal> {
        let refuse = |verdict, message| Err(check::Refusal { verdict, message });
        let (round, present) = (proposal.round, self.announcement.round);
        let at = self.place(proposal.council);
        // Whoever is not registered is told so, whatever else is wrong.
        if round != present && at.is_some() {
            return if round > present {
                refuse(
                    Verdict::NotAnnounced,
                    format!("round {round} has not been announced, this is round {present}"),
                )
            } else {
                refuse(Verdict::Late, format!("round {round} is closed, this is round {present}"))
            };
        }
        let numbers = check::plan(&self.register, &self.announcement, proposal.council, &proposal.plan)?;
        let open = self.is_open();
        let Some(place) = at.and_then(|at| self.received.get_mut(at)) else {
            return refuse(Verdict::UnknownCouncil, format!("{} is not registered", proposal.council));
        };
        match place {
            Some(known) if *known == numbers => Ok(Verdict::AlreadyReceived),
            _ if !open => refuse(Verdict::Late, format!("round {round} is closed")),
            Some(_) => refuse(
                Verdict::Contradiction,
                format!(
                    "{} has proposed something else in round {round}",
                    check::quoted(&self.register, proposal.council)
                ),
            ),
            None => {
                *place = Some(numbers);
                Ok(Verdict::Accepted)
            }
        }
    }

    /// A council's place among all, worker councils first.
    fn place(&self, council: CouncilId) -> Option<usize> {
        let workers = self.register.worker_councils.len();
        match council {
            CouncilId::Worker(w) => Some(w as usize).filter(|w| *w < workers),
            CouncilId::Consumer(c) => Some(workers + c as usize).filter(|at| *at < self.received.len()),
        }
    }

    /// Closes the present round: adds up what counts and compares.
    ///
    /// Which councils were [missing](Self::missing) can be asked until the next round opens.
    ///
    /// # Errors
    /// If the round is closed already.
    pub fn close(&mut self) -> Result<Closing<'_>, Error> {
        if !self.is_open() {
            let round = self.announcement.round;
            return Err(Error::invalid(format!("round {round} is closed already, it can only be revised")));
        }
        if self.missing == Missing::Wait {
            let missing: Vec<CouncilId> = self.missing().collect();
            if !missing.is_empty() {
                return Ok(Closing::Waiting(missing));
            }
        }
        let aggregates = self.close_under(self.missing).aggregate();
        Ok(Closing::Closed(self.history.record(self.announcement.prices.clone(), aggregates, None)))
    }

    fn close_under(&mut self, missing: Missing) -> &Proposals {
        let proposals = self.resolve(missing);
        &self.closed.insert(Closed { proposals, missing }).proposals
    }

    /// What counts in the present round: what was received, and what the policy puts in the place of what was not.
    fn resolve(&self, missing: Missing) -> Proposals {
        let (mut outputs, mut efforts, mut inputs) = (Vec::new(), Vec::new(), Vec::new());
        let (mut consumption, mut permits) = (Vec::new(), Vec::new());
        for (at, council) in self.register.councils().enumerate() {
            let numbers = self.counts(at, missing);
            match council {
                CouncilId::Worker(w) => {
                    let given = |place: usize| numbers.map_or(0.0, |numbers| numbers[place]);
                    outputs.push(given(OUTPUT));
                    efforts.push(given(EFFORT));
                    let uses = self.register.worker_councils[w as usize].inputs.len();
                    inputs.extend((0..uses).map(|i| given(INPUTS + i)));
                }
                CouncilId::Consumer(c) => {
                    let seat = &self.register.consumer_councils[c as usize];
                    let Some(numbers) = numbers else {
                        consumption.extend(seat.wants.iter().map(|_| 0.0));
                        permits.extend(seat.permits.iter().map(|_| 0.0));
                        continue;
                    };
                    // What was received is affordable but for rounding; what is carried forward may not be.
                    let affordable = if self.received[at].is_some() {
                        1.0
                    } else {
                        let (cost, means) =
                            check::cost_and_means(&self.register, &self.announcement, seat, numbers);
                        if cost > means { means / cost } else { 1.0 }
                    };
                    let (requested, permitted) = numbers.split_at(seat.wants.len());
                    consumption.extend(requested.iter().map(|quantity| quantity * affordable));
                    permits.extend(permitted);
                }
            }
        }
        let missing = self.received.iter().map(Option::is_none).collect();
        Proposals::of(&self.layout, Received { outputs, efforts, inputs, consumption, permits, missing })
    }

    /// The plan that counts for the council at a place, if any.
    fn counts(&self, at: usize, missing: Missing) -> Option<&Numbers> {
        let carried = || self.earlier[at].as_ref().filter(|_| missing == Missing::CarryForward);
        self.received[at].as_ref().or_else(carried)
    }

    /// Revises the prices after a closed round and opens the next. It may be called on after [`status`](Self::status)
    /// says that the process has ended.
    ///
    /// # Errors
    /// If the round is still open, or the rule answers with something that is not a price vector; the round then
    /// stays closed.
    pub fn revise(&mut self) -> Result<&Announcement, Error> {
        let Some(Closed { proposals, .. }) = &self.closed else {
            let round = self.announcement.round;
            return Err(Error::invalid(format!("round {round} is still open, it must be closed first")));
        };
        let mut shown = Shown { proposals: Some(proposals), slopes: None, group: &Alone };
        let hidden;
        if self.rule.disclosure() < Disclosure::Proposals {
            let mut of_workers = proposals.clone();
            of_workers.hide_consumers();
            hidden = of_workers;
            shown.proposals = Some(&hidden);
        }
        let prices = self.history.next_prices(&self.register.goods, &mut self.rule, shown)?;
        self.closed = None;
        for (received, earlier) in self.received.iter_mut().zip(&mut self.earlier) {
            if let Some(numbers) = received.take() {
                *earlier = Some(numbers);
            }
        }
        self.announcement.round += 1;
        self.announcement.prices = prices;
        Ok(&self.announcement)
    }

    /// Whether and how the process has ended; `None` while it should go on.
    #[must_use]
    pub fn status(&self) -> Option<Status> {
        self.history.status()
    }

    /// The message that ends the process, with the prices of the best round; `None` while it should go on.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        let prices = self.history.best()?.prices.clone();
        self.status().map(|status| Ending { status, prices })
    }

    /// All closed rounds.
    #[must_use]
    pub fn rounds(&self) -> &[Round] {
        self.history.rounds()
    }

    /// What counted in the present round, once it is closed.
    #[must_use]
    pub fn proposals(&self) -> Option<&Proposals> {
        self.closed.as_ref().map(|closed| &closed.proposals)
    }

    /// What each worker council's effort costs its members, as they said, once the present round is closed; 0 where
    /// nothing counts.
    #[must_use]
    pub fn effort_costs(&self) -> Option<Vec<f64>> {
        let missing = self.closed.as_ref()?.missing;
        let said = |at| self.counts(at, missing).map_or(0.0, |numbers| numbers[EFFORT_COST]);
        Some((0..self.register.worker_councils.len()).map(said).collect())
    }
}
