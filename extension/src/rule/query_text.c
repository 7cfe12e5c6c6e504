/*-------------------------------------------------------------------------
 *
 * query_text.c
 *	  The text of a rule's query.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "base/glob.h"
#include "base/settings.h"
#include "lib/stringinfo.h"
#include "nodes/bitmapset.h"
#include "nodes/nodeFuncs.h"
#include "parser/parser.h"
#include "rule/query_text.h"
#include "rule/template.h"

/* The text behind spaces, parentheses and comments; a comment that is open stays. */
static const char *
skip_to_word(const char *text)
{
	for (;;)
	{
		const char *end = NULL;

		text += strspn(text, " \t\r\n\f(");
		if (strncmp(text, "--", 2) == 0)
			end = strchr(text, '\n');
		else if (strncmp(text, "/*", 2) == 0)
			end = strstr(text + 2, "*/");
		if (end == NULL)
			return text;
		text = end + (*end == '*' ? 2 : 1);
	}
}

/* A key's template goes on with something else than one of next. */
static bool
begins_with_word(const char *text, const char *word, const char *next)
{
	Size		length = strlen(word);

	return pg_strncasecmp(text, word, length) == 0 &&
		text[length] != '\0' && strchr(next, text[length]) != NULL;
}

bool
query_text_is_query(const char *argument)
{
	static const char spaces[] = " \t\r\n\f(\"";
	const char *text = skip_to_word(argument);

	return begins_with_word(text, "select", " \t\r\n\f(\"'*") ||
		begins_with_word(text, "with", spaces) ||
		begins_with_word(text, "values", spaces) ||
		begins_with_word(text, "table", spaces);
}

char *
query_text_sql(const char *argument, List **placeholders)
{
	TemplateReader reader;
	TemplatePart part;
	StringInfoData sql;

	initStringInfo(&sql);
	*placeholders = NIL;
	template_reader_init(&reader, argument, strlen(argument));
	while (template_next(&reader, &part) != TEMPLATE_END)
	{
		TemplatePart *copy;

		if (part.kind == TEMPLATE_INVALID)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid query \"%s\": %s, at byte %zu",
							argument, reader.error, reader.error_offset + 1)));
		if (part.kind == TEMPLATE_LITERAL)
		{
			appendBinaryStringInfo(&sql, part.text, (int) part.length);
			continue;
		}
		copy = palloc(sizeof(TemplatePart));
		*copy = part;
		*placeholders = lappend(*placeholders, copy);
		/* digits and letters beside it must not become part of it */
		appendStringInfo(&sql, " $%d ", list_length(*placeholders));
	}
	return sql.data;
}

static bool
find_parameters(Node *node, void *context)
{
	Bitmapset **found = context;

	if (node == NULL)
		return false;
	if (IsA(node, ParamRef))
		*found = bms_add_member(*found, ((ParamRef *) node)->number);
	return raw_expression_tree_walker(node, find_parameters, context);
}

static void
check_parameters(SelectStmt *statement, int placeholder_count)
{
	Bitmapset  *found = NULL;
	int			i;

	(void) find_parameters((Node *) statement, &found);
	for (i = 1; i <= placeholder_count; i++)
	{
		if (!bms_is_member(i, found))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("placeholder %d of the query is inside quotes or a comment", i),
					 errhint("A placeholder is a value of its column's type: write = {id}, not = '{id}'.")));
	}
}

/* A run of wildcards is one; a star behind a backslash is none. */
static void
append_wildcard(StringInfo glob)
{
	if (glob->len == 0 || glob->data[glob->len - 1] != '*' ||
		(glob->len > 1 && glob->data[glob->len - 2] == '\\'))
		appendStringInfoChar(glob, '*');
}

/* As a template has it: braces doubled, and what is special to a glob escaped. */
static void
append_literal(StringInfo glob, const char *text, Size length)
{
	Size		i;

	for (i = 0; i < length; i++)
	{
		if (text[i] == '{' || text[i] == '}')
			appendStringInfoChar(glob, text[i]);
		else if (glob_is_special(text[i]))
			appendStringInfoChar(glob, '\\');
		appendStringInfoChar(glob, text[i]);
	}
}

/* The text of a call of format(): what is not a conversion. */
static void
append_format(StringInfo glob, const char *format)
{
	while (*format != '\0')
	{
		Size		length = strcspn(format, "%");

		append_literal(glob, format, length);
		format += length;
		if (*format == '\0')
			break;
		format++;
		if (*format == '%')
			append_literal(glob, format++, 1);
		else
		{
			append_wildcard(glob);
			format += strspn(format, "0123456789$-*");
			if (*format != '\0')
				format++;
		}
	}
}

static void append_expression(StringInfo glob, Node *node);

static void
append_call(StringInfo glob, FuncCall * call)
{
	const char *name = strVal(llast(call->funcname));
	const char *format = NULL;
	ListCell   *cell;
	bool		is_builtin = list_length(call->funcname) == 1 ||
	strcmp(strVal(linitial(call->funcname)), "pg_catalog") == 0;

	if (call->args != NIL && IsA(linitial(call->args), A_Const))
		format = compat_const_string(linitial_node(A_Const, call->args));
	if (is_builtin && !call->func_variadic && strcmp(name, "format") == 0 && format != NULL)
		append_format(glob, format);
	else if (is_builtin && !call->func_variadic && strcmp(name, "concat") == 0)
	{
		foreach(cell, call->args)
			append_expression(glob, lfirst(cell));
	}
	else
		append_wildcard(glob);
}

static bool
is_concatenation(const A_Expr * expr)
{
	return expr->kind == AEXPR_OP && expr->lexpr != NULL && list_length(expr->name) == 1 &&
		strcmp(strVal(linitial(expr->name)), "||") == 0;
}

/* A string that is cast to text stays what it is. */
static Node *
skip_cast_to_text(Node *node)
{
	TypeCast   *cast = (TypeCast *) node;

	if (IsA(node, TypeCast) && IsA(cast->arg, A_Const) && cast->typeName->names != NIL &&
		cast->typeName->arrayBounds == NIL &&
		strcmp(strVal(llast(cast->typeName->names)), "text") == 0)
		return cast->arg;
	return node;
}

/* What an expression's text shows of its value. */
static void
append_expression(StringInfo glob, Node *node)
{
	node = skip_cast_to_text(node);
	if (IsA(node, A_Const) && compat_const_string((A_Const *) node) != NULL)
	{
		const char *string = compat_const_string((A_Const *) node);

		append_literal(glob, string, strlen(string));
	}
	else if (IsA(node, A_Expr) && is_concatenation((A_Expr *) node))
	{
		append_expression(glob, ((A_Expr *) node)->lexpr);
		append_expression(glob, ((A_Expr *) node)->rexpr);
	}
	else if (IsA(node, FuncCall))
		append_call(glob, (FuncCall *) node);
	else if (IsA(node, CollateClause))
		append_expression(glob, ((CollateClause *) node)->arg);
	else
		append_wildcard(glob);
}

/* Does a glob match whatever a target has? */
static bool
shows_nothing(const char *glob)
{
	Size		length = template_target_length(glob, strlen(glob));

	if (length > 0)
		glob += length + strlen("://");
	return glob[0] == '\0' || glob[0] == '*';
}

/* False if one of the columns that the statement returns shows nothing. */
static bool
add_globs(SelectStmt *statement, List **globs)
{
	List	   *expressions = NIL;
	ListCell   *cell;

	if (statement->op != SETOP_NONE)
		return add_globs(statement->larg, globs) && add_globs(statement->rarg, globs);
	foreach(cell, statement->valuesLists)
		expressions = lappend(expressions, linitial((List *) lfirst(cell)));
	foreach(cell, statement->targetList)
		expressions = lappend(expressions, lfirst_node(ResTarget, cell)->val);
	foreach(cell, expressions)
	{
		StringInfoData glob;

		initStringInfo(&glob);
		append_expression(&glob, lfirst(cell));
		if (shows_nothing(glob.data))
			return false;
		*globs = lappend(*globs, glob.data);
	}
	return expressions != NIL;
}

/* The parser's errors say where in the query. */
static void
parser_error_callback(void *argument)
{
	int			position = geterrposition();

	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(argument);
	}
}

static List *
parse(const char *sql)
{
	ErrorContextCallback callback = {
		.previous = error_context_stack,
		.callback = parser_error_callback,
		.arg = unconstify(char *, sql)
	};
	int			nest_level = settings_pin_all();
	List	   *statements;

	error_context_stack = &callback;
	statements = compat_raw_parser(sql);
	error_context_stack = callback.previous;
	settings_restore(nest_level);
	return statements;
}

List *
query_text_globs(const char *sql, int placeholder_count)
{
	List	   *statements = parse(sql);
	SelectStmt *statement;
	List	   *globs = NIL;

	if (list_length(statements) != 1 ||
		!IsA(linitial_node(RawStmt, statements)->stmt, SelectStmt))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a rule's query must be one SELECT")));
	statement = (SelectStmt *) linitial_node(RawStmt, statements)->stmt;
	check_parameters(statement, placeholder_count);
	return add_globs(statement, &globs) ? globs : NIL;
}
