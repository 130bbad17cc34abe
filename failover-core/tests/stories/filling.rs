//! Batches: what one leaves open, the next is asked for.

use failover_core::{Fault, Finish, Policy};
use insta::assert_snapshot;

use crate::world::{Take, World, candidates, fails, hangs, ok, part};
use crate::{SECOND, exact, text};

fn batch(items: usize, policy: &Policy, scripts: &[&[Take]]) -> String {
    let mut world = World::new(exact());
    world.items = items;
    world.call(policy, &candidates(scripts.len()), scripts);
    world.trace
}

#[test]
fn three_providers_fill_each_others_gaps() {
    let scripts: [&[_]; 3] = [&[part(10, &[0, 2])], &[part(10, &[4])], &[part(10, &[1, 3])]];
    assert_snapshot!(batch(5, &Policy::new(), &scripts));
}

#[test]
fn whoever_answers_the_rest_serves() {
    assert_snapshot!(batch(5, &Policy::new(), &[&[part(10, &[3])], &[ok(10)]]));
}

#[test]
fn an_item_whose_value_is_not_valid_stays_open() {
    // The driver leaves item 1 out: its value made no sense.
    assert_snapshot!(batch(2, &Policy::new(), &[&[part(10, &[0])], &[ok(10)]]));
}

#[test]
fn repeated_and_unknown_numbers_are_ignored() {
    let scripts: [&[_]; 2] = [&[part(10, &[0, 0, 7, 0, usize::MAX])], &[part(10, &[0, 2, 1, 2, 64])]];
    assert_snapshot!(batch(3, &Policy::new(), &scripts));
}

#[test]
fn the_first_answer_to_an_item_counts() {
    assert_snapshot!(batch(
        3,
        &Policy::new(),
        &[&[part(10, &[0])], &[part(10, &[0, 1])], &[part(10, &[0, 1, 2])]]
    ));
}

#[test]
fn a_provider_that_fails_leaves_all_that_was_missing() {
    let scripts: [&[_]; 3] = [&[part(10, &[1])], &[fails(5, Fault::Broken)], &[ok(10)]];
    assert_snapshot!(batch(3, &Policy::new(), &scripts));
}

#[test]
fn who_answered_in_part_is_not_asked_again_for_the_rest() {
    assert_snapshot!(batch(2, &text(), &[&[part(10, &[0])], &[fails(5, Fault::Broken), ok(10)]]));
}

#[test]
fn a_batch_that_stays_incomplete_has_failed() {
    assert_snapshot!(batch(3, &Policy::new(), &[&[part(10, &[0])], &[part(10, &[2])]]));
}

#[test]
fn a_batch_that_need_not_be_complete_ends_partly() {
    let some = Policy::new().require_all(false);
    assert_snapshot!(batch(3, &some, &[&[part(10, &[0])], &[fails(5, Fault::Broken)]]));
}

#[test]
fn a_batch_of_which_nobody_answered_anything_has_failed_all_the_same() {
    let some = Policy::new().require_all(false);
    assert_snapshot!(batch(3, &some, &[&[fails(5, Fault::Broken)], &[fails(5, Fault::Connect)]]));
}

#[test]
fn the_deadline_leaves_what_there_is() {
    let some = Policy::new().require_all(false).deadline(SECOND);
    assert_snapshot!(batch(3, &some, &[&[part(10, &[0, 1])], &[hangs()]]));
}

#[test]
fn an_empty_answer_to_a_batch_blames_nobody_and_asks_the_next() {
    assert_snapshot!(batch(2, &Policy::new(), &[&[part(10, &[])], &[ok(10)]]));
}

#[test]
fn a_batch_of_nothing_is_over_at_once() {
    let mut world = World::new(exact());
    world.items = 0;
    assert_eq!(world.call(&Policy::new(), &candidates(1), &[&[ok(1)]]), Finish::Partly);
    assert_snapshot!(world.trace);
}

#[test]
fn more_than_64_items() {
    const ODD: [usize; 100] = {
        let mut odd = [0; 100];
        let mut n = 0;
        while n < 100 {
            odd[n] = 2 * n + 1;
            n += 1;
        }
        odd
    };
    let scripts: [&[_]; 3] = [&[part(10, &[0, 2, 4, 63, 64, 65, 198])], &[part(10, &ODD)], &[ok(10)]];
    assert_snapshot!(batch(200, &Policy::new(), &scripts));
}

#[test]
fn exactly_64_items() {
    assert_snapshot!(batch(64, &Policy::new(), &[&[part(10, &[0, 63, 64])], &[ok(10)]]));
}

#[test]
fn the_gaps_of_five_candidates_are_told_apart() {
    let scripts: [&[_]; 5] =
        [&[part(1, &[4])], &[part(1, &[3])], &[part(1, &[2])], &[part(1, &[1])], &[part(1, &[0])]];
    assert_snapshot!(batch(5, &Policy::new(), &scripts));
}
