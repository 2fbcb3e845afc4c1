// Text made safe for XML and HTML, whatever its bytes are.
#ifndef CLG_GAN_XML_H
#define CLG_GAN_XML_H

#include <stdio.h>

// Writes `text` so that it can stand between tags and inside "..." and '...': markup characters become
// entities; bytes that are not UTF-8 and characters that XML forbids become U+FFFD.
void clg_xml_text(FILE *file, const char *text);

// Number format of the C locale for this thread until _leave, so that a program that has set another locale
// still gets "0.5", not "0,5". Calls do not nest.
struct clg_xml_locale {
    void *ours, *before;
};
struct clg_xml_locale clg_xml_locale_enter(void);
void clg_xml_locale_leave(struct clg_xml_locale locale);

#endif
