//! Questions of many askers, put to the database together. Who finds a free turn asks at once, by itself. While the turns are
//! taken, those who ask gather, and the next batch takes them all: who is alone waits for nobody and wakes nobody, and a
//! thousand at once cost a few statements.
//!
//! Each answer comes from statements that began after the question was asked, as if it had been asked alone. So many may
//! wait; who comes then is told so at once, while there is still time to ask again.

use std::{error::Error, fmt, io, sync::Arc};

use futures_core::future::BoxFuture;
use futures_util::FutureExt as _;
use tokio::{
    sync::{
        Semaphore,
        mpsc::{self, Receiver, Sender, error::TrySendError},
        oneshot,
    },
    time::timeout,
};

use super::{
    meaning::{self, Meaning},
    operation::{self, OPERATION_MAX, took_too_long},
    rows::Fault,
};
use crate::{
    causes,
    store::{StoreError, StoreResult},
    telemetry::{Call, FIGURES, Outcome},
};

/// Questions or batches under way at once: one connection that hangs holds up half of those who ask, not all.
pub(super) const TURNS: usize = 2;

type Asked<Q, A> = (Q, oneshot::Sender<StoreResult<A>>);

type Answering<A> = BoxFuture<'static, Result<Vec<A>, Fault>>;

/// How many questions of one kind there may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// In one batch.
    pub(super) batch: usize,
    /// Waiting for the next batches.
    pub(super) waiting: usize,
}

/// One kind of question.
pub(super) struct Together<Q, A> {
    kind: Arc<Kind<Q, A>>,
    /// To those who gather.
    desk: Sender<Asked<Q, A>>,
}

struct Kind<Q, A> {
    operation: &'static str,
    batch_max: usize,
    turns: Arc<Semaphore>,
    answer: Box<dyn Fn(Arc<[Q]>) -> Answering<A> + Send + Sync>,
}

impl<Q: Clone + Send + Sync + 'static, A: Send + 'static> Together<Q, A> {
    /// `answer` answers each question of a batch, in their order; it may be run several times. Needs a running tokio
    /// runtime, and lives as long as this.
    pub(super) fn start<F>(
        operation: &'static str,
        bounds: Bounds,
        answer: impl Fn(Arc<[Q]>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Vec<A>, Fault>> + Send + 'static,
    {
        let (desk, waiting) = mpsc::channel(bounds.waiting);
        let answer = Box::new(move |asked| answer(asked).boxed());
        let turns = Arc::new(Semaphore::new(TURNS));
        let kind = Arc::new(Kind { operation, batch_max: bounds.batch, turns, answer });
        tokio::spawn(serve(kind.clone(), waiting));
        Self { kind, desk }
    }

    pub(super) async fn ask(&self, question: Q) -> StoreResult<A> {
        // Whoever gathers has the next turn: none is free as long as somebody waits.
        if let Ok(_turn) = self.kind.turns.try_acquire() {
            return self.kind.answer_alone(question).await;
        }
        let (answer, answered) = oneshot::channel();
        match self.desk.try_send((question, answer)) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Err(self.unavailable("too many wait for it already")),
            Err(TrySendError::Closed(_)) => return Err(self.unavailable(io::Error::from(io::ErrorKind::BrokenPipe))),
        }
        match timeout(OPERATION_MAX, answered).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(gone)) => Err(self.unavailable(gone)),
            Err(_) => Err(self.unavailable(took_too_long())),
        }
    }

    /// For one that never came to a turn.
    fn unavailable(&self, source: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        let operation = self.kind.operation;
        FIGURES.store_errors.get_or_create(&Call::new(operation, Outcome::Unavailable)).inc();
        StoreError::Unavailable { operation, source: source.into() }
    }
}

/// Takes batch after batch, each as soon as there is a turn for it, until nobody can ask any more.
async fn serve<Q, A>(kind: Arc<Kind<Q, A>>, mut waiting: Receiver<Asked<Q, A>>)
where
    Q: Clone + Send + Sync + 'static,
    A: Send + 'static,
{
    while let Some(first) = waiting.recv().await {
        let serving = kind.clone();
        let Ok(turn) = kind.turns.clone().acquire_owned().await else { return };
        let mut batch = vec![first];
        while batch.len() < kind.batch_max
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        tokio::spawn(async move {
            serving.answer(batch).await;
            drop(turn);
        });
    }
}

impl<Q: Clone + Send + Sync, A: Send> Kind<Q, A> {
    async fn answer_alone(&self, question: Q) -> StoreResult<A> {
        let alone: Arc<[Q]> = [question].into();
        let mut answers = operation::run(self.operation, || (self.answer)(alone.clone())).await?;
        let none =
            || StoreError::Corrupt { operation: self.operation, what: "a question without an answer".to_owned() };
        answers.pop().ok_or_else(none)
    }

    async fn answer(&self, mut batch: Vec<Asked<Q, A>>) {
        // Who gave up need not be answered.
        batch.retain(|(_, asker)| !asker.is_closed());
        if batch.is_empty() {
            return;
        }
        let (questions, askers): (Vec<Q>, Vec<_>) = batch.into_iter().unzip();
        let questions: Arc<[Q]> = questions.into();
        match operation::run(self.operation, || (self.answer)(questions.clone())).await {
            Ok(answers) => {
                for (asker, answer) in askers.into_iter().zip(answers) {
                    asker.send(Ok(answer)).ok();
                }
            }
            // One question's row may be all that is wrong: the others are not to suffer for it.
            Err(error) if questions.len() > 1 && may_be_ones_fault(&error) => {
                for (question, asker) in questions.iter().zip(askers) {
                    // Those before it may have taken all of its time.
                    if !asker.is_closed() {
                        asker.send(self.answer_alone(question.clone()).await).ok();
                    }
                }
            }
            Err(error) => {
                for asker in askers {
                    asker.send(Err(again(&error))).ok();
                }
            }
        }
    }
}

/// Whether it may be about one of the questions, and the others be answered without it.
fn may_be_ones_fault(error: &StoreError) -> bool {
    match error {
        StoreError::Refused { .. } | StoreError::Corrupt { .. } => true,
        StoreError::Unavailable { source, .. } => {
            source.downcast_ref().is_some_and(|error| meaning::of(error) == Meaning::Held)
        }
    }
}

/// The error for one more asker.
fn again(error: &StoreError) -> StoreError {
    match error {
        StoreError::Unavailable { operation, source } => {
            StoreError::Unavailable { operation, source: causes::in_one_line(&**source).into() }
        }
        StoreError::Refused { operation, source } => {
            StoreError::Refused { operation, source: causes::in_one_line(&**source).into() }
        }
        StoreError::Corrupt { operation, what } => StoreError::Corrupt { operation, what: what.clone() },
    }
}

impl<Q, A> fmt::Debug for Together<Q, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Together({})", self.kind.operation)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Mutex, PoisonError,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use futures_util::future::join_all;
    use tokio::time::sleep;

    use super::*;

    const BOUNDS: Bounds = Bounds { batch: 16, waiting: 48 };

    /// Answers with the double, batch by batch as there are permits; 13 is a row that does not hold what it should,
    /// and for 14 there is no connection.
    struct Doubling {
        together: Together<u64, u64>,
        batches: Arc<Mutex<Vec<usize>>>,
        permits: Arc<Semaphore>,
    }

    impl Doubling {
        fn start() -> Self {
            let (batches, permits) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
            let (counted, permitted) = (batches.clone(), permits.clone());
            let together = Together::start("double", BOUNDS, move |asked: Arc<[u64]>| {
                let (counted, permitted) = (counted.clone(), permitted.clone());
                async move {
                    counted.lock().unwrap_or_else(PoisonError::into_inner).push(asked.len());
                    permitted.acquire().await.unwrap().forget();
                    if asked.contains(&13) {
                        return Err(Fault::Unexpected("13".to_owned()));
                    }
                    if asked.contains(&14) {
                        return Err(sqlx::Error::PoolTimedOut.into());
                    }
                    Ok(asked.iter().map(|number| number * 2).collect())
                }
            });
            Self { together, batches, permits }
        }

        async fn until_batches(&self, count: usize) {
            while self.batches().len() < count {
                sleep(Duration::from_millis(1)).await;
            }
        }

        fn batches(&self) -> Vec<usize> {
            self.batches.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }
    }

    #[tokio::test]
    async fn those_who_wait_are_answered_together_and_each_with_its_own() {
        let doubling = Doubling::start();
        let asked = |number| doubling.together.ask(number);
        // Every turn is taken; the others gather.
        let (first, second) = (asked(100), asked(101));
        let gathering = async {
            doubling.until_batches(2).await;
            let others = join_all((102..150).map(asked));
            tokio::join!(others, async {
                sleep(Duration::from_millis(1)).await;
                doubling.permits.add_permits(1_000);
            })
            .0
        };
        let second = async {
            doubling.until_batches(1).await;
            second.await
        };
        let (first, second, others) = tokio::join!(first, second, gathering);
        for (number, answer) in (100..150).zip([first, second].into_iter().chain(others)) {
            assert_eq!(answer.unwrap(), number * 2);
        }
        assert_eq!(doubling.batches(), [1, 1, 16, 16, 16]);
    }

    #[tokio::test]
    async fn what_is_everybodys_trouble_is_not_tried_one_by_one() {
        let doubling = Doubling::start();
        let asking = join_all([20, 21, 14, 15, 16].map(|number| doubling.together.ask(number)));
        let (answers, ()) = tokio::join!(asking, async {
            doubling.until_batches(TURNS).await;
            doubling.permits.add_permits(1_000);
        });
        assert!(answers[..TURNS].iter().all(Result::is_ok), "{answers:?}");
        for answer in &answers[TURNS..] {
            assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
        }
        assert_eq!(doubling.batches(), [1, 1, 3]);
    }

    #[tokio::test]
    async fn who_finds_no_room_is_told_at_once_and_the_others_are_answered() {
        let doubling = Doubling::start();
        let told = AtomicUsize::new(0);
        let asking = join_all((100..200).map(|number| {
            let (doubling, told) = (&doubling, &told);
            async move {
                let answer = doubling.together.ask(number).await;
                told.fetch_add(usize::from(answer.is_err()), Ordering::Relaxed);
                (number, answer)
            }
        }));
        let (answers, told) = tokio::join!(asking, async {
            doubling.until_batches(TURNS).await;
            sleep(Duration::from_millis(1)).await;
            // Nobody was answered yet.
            let told = told.load(Ordering::Relaxed);
            doubling.permits.add_permits(1_000);
            told
        });
        let refused = answers.iter().filter(|(_, answer)| answer.is_err()).count();
        // One more may be in the hands of who gathers.
        let room = TURNS + BOUNDS.waiting;
        assert!((99 - room..=100 - room).contains(&told) && told == refused, "{told} were told, {refused} refused");
        for (number, answer) in answers {
            match answer {
                Ok(double) => assert_eq!(double, number * 2),
                Err(error) => assert!(matches!(error, StoreError::Unavailable { .. }), "{error}"),
            }
        }
    }

    #[tokio::test]
    async fn one_row_that_is_wrong_spoils_no_others_answer() {
        let doubling = Doubling::start();
        let asking = join_all((5..14).map(|number| doubling.together.ask(number)));
        let (answers, ()) = tokio::join!(asking, async {
            doubling.until_batches(2).await;
            doubling.permits.add_permits(1_000);
        });
        for (number, answer) in (5..14).zip(answers) {
            match answer {
                Ok(double) => assert_eq!(double, number * 2),
                Err(error) => assert!(number == 13 && matches!(error, StoreError::Corrupt { .. }), "{number}: {error}"),
            }
        }
        assert_eq!(doubling.batches().iter().max(), Some(&7), "they did ask together");
    }
}
