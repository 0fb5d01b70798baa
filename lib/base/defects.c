#include "base/event.h"

static const struct qtc_defect_info defects[QTC_DEFECTS] = {
#define DEFECT(id, slug, severity, text) {slug, QTC_##severity, text},
#include "defects.h"
#undef DEFECT
};

const struct qtc_defect_info *qtc_defect_info(unsigned defect)
{
    return defect < QTC_DEFECTS ? &defects[defect] : NULL;
}
