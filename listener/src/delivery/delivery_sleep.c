/*-------------------------------------------------------------------------
 *
 * delivery_sleep.c
 *	  How long a target sleeps when nothing is there, and which bells wake it.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery_sleep.h"

#define SLEEP_MAX_MS 1000

/* Without a bell, while an acknowledgement waits: a key is not to wait for long. */
#define SLEEP_WITHOUT_BELL_MAX_MS 4

bool
delivery_sleep_may_arm_bell(const Delivery *delivery)
{
	return !loop_timer_is_armed(&delivery->ack_timer);
}

/*
 * After an empty answer: sleep until the bell rings or the interval is over.  A
 * bell that had to wait is answered as soon as it may be.
 */
static bool
set_sleep(Delivery *delivery)
{
	int64_t		idle_ms = delivery->session.idle_ms;
	int64_t		bell_wait_ms = bell_trust_wait_ms(&delivery->bell_trust,
												  loop_now_ms(delivery->parts.loop));

	delivery->session.idle_ms = idle_ms * 2 < SLEEP_MAX_MS ? idle_ms * 2 : SLEEP_MAX_MS;
	if (delivery->session.bell == BELL_DOUBTED && bell_wait_ms < idle_ms)
		idle_ms = bell_wait_ms;
	if (!delivery_sleep_may_arm_bell(delivery) && idle_ms > SLEEP_WITHOUT_BELL_MAX_MS)
		idle_ms = SLEEP_WITHOUT_BELL_MAX_MS;
	return loop_timer_set(delivery->parts.loop, &delivery->idle_timer, idle_ms);
}

static bool
may_sleep(const Delivery *delivery)
{
	return !delivery_sleep_may_arm_bell(delivery) ||
		(delivery->session.is_bell_armed && delivery->session.bell != BELL_RUNG);
}

bool
delivery_sleep_begin(Delivery *delivery)
{
	return !may_sleep(delivery) || set_sleep(delivery);
}

/*
 * What rang during a fetch that a bell had asked for in vain, has to wait as well: the
 * next fetch follows at once, or set_sleep() knows of it.
 */
void
delivery_sleep_judge_bell(Delivery *delivery, size_t row_count)
{
	DeliverySession *session = &delivery->session;

	bell_trust_take_fetch(&delivery->bell_trust, loop_now_ms(delivery->parts.loop),
						  session->is_rung_fetch, row_count);
	if (session->is_rung_fetch && row_count == 0 && session->bell == BELL_RUNG)
		session->bell = BELL_DOUBTED;
}

/* Only shortens the sleep, if there is one.  False if it has to be ended instead. */
static bool
delay_bell(Delivery *delivery, int64_t wait_ms)
{
	Loop	   *loop = delivery->parts.loop;

	if (delivery->session.bell == BELL_SILENT)
		delivery->session.bell = BELL_DOUBTED;
	return !loop_timer_is_armed(&delivery->idle_timer) ||
		delivery->idle_timer.deadline_ms <= loop_now_ms(loop) + wait_ms ||
		loop_timer_set(loop, &delivery->idle_timer, wait_ms);
}

bool
delivery_sleep_take_bell(Delivery *delivery)
{
	int64_t		wait_ms = bell_trust_wait_ms(&delivery->bell_trust,
											 loop_now_ms(delivery->parts.loop));

	if (wait_ms > 0 && delay_bell(delivery, wait_ms))
		return false;
	delivery->session.bell = BELL_RUNG;
	loop_timer_remove(delivery->parts.loop, &delivery->idle_timer);
	return true;
}
