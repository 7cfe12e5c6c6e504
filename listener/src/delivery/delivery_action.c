/*-------------------------------------------------------------------------
 *
 * delivery_action.c
 *	  What each of the journal's actions adds to a batch.
 *
 *-------------------------------------------------------------------------
 */
#include "delivery/delivery_action.h"

static const DeliveryAction actions[JOURNAL_ACTION_COUNT] = {
	[JOURNAL_ACTION_KEYS] = {DELIVERY_FORM_NAME, NAME_KEY},
	[JOURNAL_ACTION_PATTERNS] = {DELIVERY_FORM_PATTERN, NAME_KEY},
	[JOURNAL_ACTION_TAGS] = {DELIVERY_FORM_NAME, NAME_TAG},
	[JOURNAL_ACTION_TAG_PATTERNS] = {DELIVERY_FORM_PATTERN, NAME_TAG},
	[JOURNAL_ACTION_VERSIONS] = {DELIVERY_FORM_NAME, NAME_VERSION},
	[JOURNAL_ACTION_VERSION_PATTERNS] = {DELIVERY_FORM_PATTERN, NAME_VERSION},
	[JOURNAL_ACTION_CACHEOPS] = {DELIVERY_FORM_NAME, NAME_CACHEOPS},
	[JOURNAL_ACTION_CACHEOPS_TABLES] = {DELIVERY_FORM_CACHEOPS_TABLE, NAME_SET},
	[JOURNAL_ACTION_RESYNC] = {DELIVERY_FORM_RESYNC, NAME_KEY},
};

const DeliveryAction *
delivery_action(JournalAction action)
{
	return &actions[action];
}
