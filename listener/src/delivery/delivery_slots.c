/*-------------------------------------------------------------------------
 *
 * delivery_slots.c
 *	  The two batches that a delivery has in memory, and where they are.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery_slots.h"

#include <stdlib.h>
#include <string.h>

bool
delivery_slots_init(DeliverySlots *slots, const char *prefix,
					size_t prefix_bytes, uint64_t seed)
{
	memset(slots, 0, sizeof(*slots));
	for (int i = 0; i < DELIVERY_SLOT_COUNT; i++)
		if (!batch_init(&slots->slots[i].batch, prefix, prefix_bytes, seed))
			return false;
	return true;
}

void
delivery_slots_free(DeliverySlots *slots)
{
	delivery_slots_reset(slots);
	for (int i = 0; i < DELIVERY_SLOT_COUNT; i++)
		batch_free(&slots->slots[i].batch);
}

void
delivery_slots_reset(DeliverySlots *slots)
{
	for (int i = 0; i < DELIVERY_SLOT_COUNT; i++)
		delivery_slot_reset(&slots->slots[i]);
	slots->filling = NULL;
	slots->fetched = NULL;
	slots->applying = NULL;
}

DeliverySlot *
delivery_slots_find_free(DeliverySlots *slots)
{
	if (slots->filling != NULL || slots->fetched != NULL)
		return NULL;
	return &slots->slots[slots->applying == &slots->slots[0] ? 1 : 0];
}

bool
delivery_slots_are_taken(const DeliverySlots *slots)
{
	return slots->fetched != NULL || slots->applying != NULL ||
		(slots->filling != NULL && slots->filling->cursor != NULL);
}

bool
delivery_slot_is_of_resync(const DeliverySlot *slot)
{
	return slot->reader == READER_RESYNC || slot->ends_resync;
}

void
delivery_slot_reset(DeliverySlot *slot)
{
	batch_reset(&slot->batch);
	free(slot->cursor);
	slot->cursor = NULL;
	slot->wants_list = false;
	slot->ends_resync = false;
	slot->reader = READER_FRONT;
	slot->round = ROUND_GOES_ON;
	slot->oldest_at_us = 0;
	slot->row_count = 0;
	memset(slot->action_counts, 0, sizeof(slot->action_counts));
	slot->times.time_count = 0;
}
