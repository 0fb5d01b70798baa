#include "parse/markers.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* The new node's index, or 0 when there is no room. */
static unsigned new_node(struct qtc_markers *m, char byte, unsigned depth)
{
    if (m->count == m->cap) {
        size_t cap = m->cap == 0 ? 64 : m->cap * 2;
        struct qtc_marker_node *nodes = cap > SHRT_MAX ? NULL : realloc(m->nodes, cap * sizeof *nodes);
        if (nodes == NULL) {
            m->failed = true;
            return 0;
        }
        m->nodes = nodes;
        m->cap = cap;
    }
    m->nodes[m->count] = (struct qtc_marker_node){.byte = byte, .id = -1, .depth = (unsigned short)depth};
    return (unsigned)m->count++;
}

static unsigned child_or_new(struct qtc_markers *m, unsigned node, char byte)
{
    unsigned child = qtc_markers_child(m, node, byte);
    if (child != 0) {
        return child;
    }
    child = new_node(m, byte, m->nodes[node].depth + 1u);
    if (child != 0) {
        m->nodes[child].next = m->nodes[node].child;
        m->nodes[node].child = (unsigned short)child;
    }
    return child;
}

void qtc_markers_add(struct qtc_markers *m, const char *marker, int id)
{
    if (m->count == 0) {
        new_node(m, 0, 0);
    }
    m->first[(unsigned char)marker[0]] = 1;
    unsigned node = 0;
    for (const char *c = marker; *c != '\0' && !m->failed; c++) {
        node = child_or_new(m, node, *c);
    }
    if (!m->failed && m->nodes[node].id < 0) {
        m->nodes[node].id = (short)id;
    }
}

static void set_fail(struct qtc_markers *m, unsigned parent, unsigned node)
{
    unsigned suffix = 0;
    if (parent != 0) {
        suffix = qtc_markers_step(m, m->nodes[parent].fail, m->nodes[node].byte);
    }
    m->nodes[node].fail = (unsigned short)suffix;
}

/* Breadth first, since a node's suffix is always shallower than the node. */
void qtc_markers_seal(struct qtc_markers *m)
{
    if (m->count == 0) {
        new_node(m, 0, 0); /* nothing is looked for: there is the root at least */
    }
    if (m->failed) {
        return;
    }
    for (unsigned depth = 0; depth < USHRT_MAX; depth++) {
        bool any = false;
        for (unsigned node = 0; node < m->count; node++) {
            if (m->nodes[node].depth != depth) {
                continue;
            }
            for (unsigned c = m->nodes[node].child; c != 0; c = m->nodes[c].next) {
                set_fail(m, node, c);
                any = true;
            }
        }
        if (!any) {
            return;
        }
    }
}

void qtc_markers_free(struct qtc_markers *m)
{
    free(m->nodes);
    memset(m, 0, sizeof *m);
}
