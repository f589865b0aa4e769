//! Driving futures together without a runtime.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
};

/// A future in a box.
pub(super) type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Drives all tasks at once; gives their results in the order of the tasks.
///
/// Every wake-up polls each task that is not done. That is wasteful and fair, and the suite's tasks are few.
pub(super) async fn join<T: Send>(tasks: Vec<Task<T>>) -> Vec<T> {
    let mut tasks: Vec<(Task<T>, Option<T>)> = tasks.into_iter().map(|task| (task, None)).collect();
    poll_fn(|context| {
        let mut waiting = false;
        for (task, result) in &mut tasks {
            if result.is_none() {
                match task.as_mut().poll(context) {
                    Poll::Ready(value) => *result = Some(value),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    tasks.into_iter().filter_map(|(_, result)| result).collect()
}
