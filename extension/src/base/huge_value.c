/*-------------------------------------------------------------------------
 *
 * huge_value.c
 *	  Tells values that no key can hold, without reading them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/detoast.h"
#include "base/compat.h"
#include "base/guc.h"
#include "base/huge_value.h"
#include "fmgr.h"

/*
 * An array of integers or a jsonb of numbers has 4 or 5 bytes for each character of
 * its text.
 */
#define BYTES_FOR_A_CHARACTER 8

bool
huge_value_is_text(Datum datum)
{
	return toast_raw_datum_size(datum) > (Size) guc_max_key_bytes + VARHDRSZ;
}

bool
huge_value_is(Datum datum)
{
	return toast_raw_datum_size(datum) > (Size) guc_max_key_bytes * BYTES_FOR_A_CHARACTER;
}

/* An update that leaves a column alone leaves its pointer alone. */
bool
huge_value_is_same(Datum datum, Datum other)
{
	const struct varlena *a = (const struct varlena *) DatumGetPointer(datum);
	const struct varlena *b = (const struct varlena *) DatumGetPointer(other);

	return VARATT_IS_EXTERNAL_ONDISK(a) && VARATT_IS_EXTERNAL_ONDISK(b) &&
		memcmp(a, b, VARSIZE_EXTERNAL(a)) == 0;
}
