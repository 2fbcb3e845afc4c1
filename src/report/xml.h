// Text made safe for XML and HTML, whatever its bytes are.
#ifndef CLG_REPORT_XML_H
#define CLG_REPORT_XML_H

#include <stdio.h>

// Writes `text` so that it can stand between tags and inside "..." and '...': markup characters become
// entities; bytes that are not UTF-8 and characters that XML forbids become \xHH, as <clgan/text.h> says.
void clg_xml_text(FILE *file, const char *text);

#endif
