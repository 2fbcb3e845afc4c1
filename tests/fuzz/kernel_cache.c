// Files of compiled kernels: what loads is what was kept, to the bit.
#include "device.h"

#include "device/program.h"

#include <stdlib.h>
#include <string.h>

static const char binary[] = "a compiled kernel";

static struct clg_cache_key key_of(struct clg_device *d)
{
    struct clg_cache_key key;
    clg_cache_key_make(d, "kernel void f() {}", "-DX=1", &key);
    return key;
}

// As clg_cache_save writes them: the magic, three sizes, the key, the binary.
void fuzz_seeds(void)
{
    struct clg_device d = fuzz_device(CLG_DEVICE_CPU);
    const struct clg_cache_key key = key_of(&d);
    struct {
        char magic[8];
        uint64_t key_size, size, hash;
    } head = {"clgkrn1", strlen(key.text), sizeof binary, 0};
    for (size_t i = 0; i < sizeof binary; i++)
        head.hash = (head.hash ^ (unsigned char)binary[i]) * 0x100000001b3u;
    uint8_t bytes[2048];
    memcpy(bytes, &head, sizeof head);
    memcpy(bytes + sizeof head, key.text, head.key_size);
    memcpy(bytes + sizeof head + head.key_size, binary, sizeof binary);
    fuzz_seed(bytes, sizeof head + head.key_size + sizeof binary);
    fuzz_seed(bytes, sizeof head + head.key_size);
    clg_ops_state_free(&d);
}

void fuzz_one(const uint8_t *data, size_t size)
{
    (void)data;
    struct clg_device d = fuzz_device(CLG_DEVICE_CPU);
    const struct clg_cache_key key = key_of(&d);
    unsigned char *loaded;
    size_t n = 0;
    if (clg_cache_load(&d, &key, &loaded, &n)) {
        fuzz_expect(!loaded, "nothing after a failure");
        clg_ops_state_free(&d);
        return;
    }
    fuzz_expect(n < size, "no more than the file holds");
    fuzz_touch(loaded, n);
    free(loaded);
    clg_ops_state_free(&d);
}
