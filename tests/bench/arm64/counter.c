/* A plugin of QEMU's: counts the instructions that a program has executed, and writes the number to the log whenever the
 * program asks for the process group of MARK, which is nobody's. Debian has no header for plugins; this is what it would say
 * (QEMU, docs/devel/tcg-plugins, version 1 of the interface). */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MARK 0x4b494f53
#define GETPGID 155 /* arm64 */
#define ADD 0

size_t qemu_plugin_tb_n_insns(const void *block);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t, void (*)(uint64_t, void *));
void qemu_plugin_register_vcpu_tb_exec_inline(void *block, int what, void *number, uint64_t by);
void qemu_plugin_register_vcpu_syscall_cb(uint64_t, void (*)(uint64_t, unsigned, int64_t, uint64_t));
void qemu_plugin_outs(const char *);

int qemu_plugin_version = 1;
static uint64_t executed;

static void translated(uint64_t plugin, void *block)
{
    (void)plugin;
    qemu_plugin_register_vcpu_tb_exec_inline(block, ADD, &executed, qemu_plugin_tb_n_insns(block));
}

static void called(uint64_t plugin, unsigned cpu, int64_t number, uint64_t first)
{
    char text[32];
    (void)plugin, (void)cpu;
    if (number != GETPGID || (uint32_t)first != MARK)
        return;
    snprintf(text, sizeof text, "%llu\n", (unsigned long long)executed);
    qemu_plugin_outs(text);
}

int qemu_plugin_install(uint64_t plugin, const void *about, int count, char **words)
{
    (void)about, (void)count, (void)words;
    qemu_plugin_register_vcpu_tb_trans_cb(plugin, translated);
    qemu_plugin_register_vcpu_syscall_cb(plugin, called);
    return 0;
}
