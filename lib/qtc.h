/* qtc.h - libqtc: what LLM servers really send, turned into correct tool calls.
 *
 * The contract, in short:
 *   - Everything is pushed. A stage has feed(bytes) and finish(); it calls the
 *     sink that it was given, and nothing else. It never prints, exits, aborts
 *     or keeps state outside its own object.
 *   - Any cut of the input gives the same answer: whole, byte by byte, or in
 *     any pieces.
 *   - Ownership: whoever calls new() calls free(). Bytes passed in are borrowed
 *     for the call; bytes handed to a sink are borrowed by the sink for the call.
 *     Options' strings, formats and tools must outlive the object that uses them.
 *   - Bytes are a pointer and a length, never a terminator; they may hold NUL.
 *   - Errors are values: a code, a constant message and a place.
 *
 * bytes -> sse -> wire (reading) -> stream (parse) -> wire (writing) -> bytes
 */
#ifndef QTC_H
#define QTC_H

#define QTC_VERSION "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

#include "base/base.h"      /* bytes, events, defects, errors; buffers */
#include "json/json.h"      /* scanner, exact reader, escaper */
#include "sse/sse.h"        /* event streams */
#include "schema/tools.h"   /* the tools that may be called */
#include "formats/format.h" /* how models write calls */
#include "parse/parse.h"    /* model text to events */
#include "stream/stream.h"  /* one response: its choices and calls */
#include "wire/wire.h"      /* API dialects */
#include "capture/capture.h" /* recorded responses */

#ifdef __cplusplus
}
#endif
#endif
