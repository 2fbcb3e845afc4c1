// Which piece of hardware is a device? What the drivers tell: a universal id, or the place on the PCI bus.
#include "device/devices.h"

#include <string.h>

// Numbers from the OpenCL registry that older headers lack.
enum {
    DEVICE_UUID = 0x106A,         // cl_khr_device_uuid: 16 bytes
    DEVICE_PCI_BUS_INFO = 0x410F, // cl_khr_pci_bus_info: uint32_t domain, bus, device, function
    DEVICE_TOPOLOGY_AMD = 0x4037, // cl_amd_device_attribute_query: uint32_t type, then 20 bytes
    TOPOLOGY_AMD_PCIE = 1,
    DEVICE_PCI_BUS_NV = 0x4008, // cl_nv_device_attribute_query, from here on
    DEVICE_PCI_SLOT_NV = 0x4009,
    DEVICE_PCI_DOMAIN_NV = 0x400A,
};

bool clg_device_extension(const char *extensions, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = extensions; p && (p = strstr(p, name)); p += length) {
        bool starts = p == extensions || p[-1] == ' ';
        if (starts && (p[length] == ' ' || p[length] == 0))
            return true;
    }
    return false;
}

static void pci_khr(cl_device_id device, struct clg_device_identity *id)
{
    uint32_t address[4];
    if (clGetDeviceInfo(device, DEVICE_PCI_BUS_INFO, sizeof address, address, NULL))
        return;
    id->has_pci = id->has_domain = true;
    id->domain = address[0];
    id->bus = address[1];
    id->slot = address[2];
    id->function = address[3];
}

static void pci_amd(cl_device_id device, struct clg_device_identity *id)
{
    struct {
        uint32_t type;
        uint8_t unused[17], bus, slot, function;
    } topology;
    if (clGetDeviceInfo(device, DEVICE_TOPOLOGY_AMD, sizeof topology, &topology, NULL) ||
        topology.type != TOPOLOGY_AMD_PCIE)
        return;
    id->has_pci = true;
    id->bus = topology.bus;
    id->slot = topology.slot;
    id->function = topology.function;
}

static void pci_nvidia(cl_device_id device, struct clg_device_identity *id)
{
    cl_uint bus, slot, domain;
    if (clGetDeviceInfo(device, DEVICE_PCI_BUS_NV, sizeof bus, &bus, NULL) ||
        clGetDeviceInfo(device, DEVICE_PCI_SLOT_NV, sizeof slot, &slot, NULL))
        return;
    id->has_pci = true;
    id->bus = bus;
    id->slot = slot >> 3; // PCI's devfn: five bits of device, three of function
    id->function = slot & 7;
    if (clGetDeviceInfo(device, DEVICE_PCI_DOMAIN_NV, sizeof domain, &domain, NULL) == CL_SUCCESS) {
        id->has_domain = true;
        id->domain = domain;
    }
}

struct clg_device_identity clg_device_identify(cl_device_id device, const char *extensions)
{
    struct clg_device_identity id = {0};
    static const uint8_t untold[sizeof id.uuid] = {0}; // what some drivers give for every device
    if (clg_device_extension(extensions, "cl_khr_device_uuid"))
        id.has_uuid = clGetDeviceInfo(device, DEVICE_UUID, sizeof id.uuid, id.uuid, NULL) == CL_SUCCESS &&
                      memcmp(id.uuid, untold, sizeof untold) != 0;
    if (clg_device_extension(extensions, "cl_khr_pci_bus_info"))
        pci_khr(device, &id);
    if (!id.has_pci && clg_device_extension(extensions, "cl_amd_device_attribute_query"))
        pci_amd(device, &id);
    if (!id.has_pci && clg_device_extension(extensions, "cl_nv_device_attribute_query"))
        pci_nvidia(device, &id);
    return id;
}

void clg_device_publish(const struct clg_device_identity *id, uint64_t uuid[2])
{
    if (id->has_uuid) {
        memcpy(uuid, id->uuid, sizeof id->uuid);
    } else if (id->has_pci) {
        uuid[0] = id->domain;
        uuid[1] = UINT64_C(1) << 63 | (uint64_t)id->bus << 16 | id->slot << 8 | id->function;
    }
}

bool clg_devices_same(const struct clg_device_info *a, const struct clg_device_identity *a_id,
                      const struct clg_device_info *b, const struct clg_device_identity *b_id)
{
    if (a->platform == b->platform || a->type != b->type)
        return false;
    if (a->type == CLG_DEVICE_CPU)
        return a->device == b->device && !strcmp(a->name, b->name) && !strcmp(a->driver, b->driver) &&
               !strcmp(a->version, b->version) && !strcmp(a->platform_name, b->platform_name);
    if (a_id->has_uuid && b_id->has_uuid && !memcmp(a_id->uuid, b_id->uuid, sizeof a_id->uuid))
        return true;
    return a_id->has_pci && b_id->has_pci && a_id->bus == b_id->bus && a_id->slot == b_id->slot &&
           a_id->function == b_id->function &&
           (!a_id->has_domain || !b_id->has_domain || a_id->domain == b_id->domain);
}
