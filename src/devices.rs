//! Device files that reach below the file systems, or to other people's hands and eyes.
//!
//! Data, for the guards (`check/guards.rs`). Not here, because they hand over no files and no input:
//! `/dev/kvm`, `/dev/fuse` and `/dev/net/tun`, which need rights of the sandbox's own namespaces;
//! `/dev/dri` and what else computes; cameras and sound cards, which the question of `sbc trust` names.

/// Device files that are known by how their names start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// How the path starts: `/dev/sd` for `/dev/sda` and all of its parts.
    pub start: &'static str,
    /// What it hands over.
    pub about: &'static str,
}

const fn device(start: &'static str, about: &'static str) -> Device {
    Device { start, about }
}

/// All of them, those of one sort together.
#[rustfmt::skip]
pub const DEVICES: &[Device] = &[
    // Disks.
    device("/dev/sd", "a disk, below its file systems"),
    device("/dev/hd", "a disk, below its file systems"),
    device("/dev/vd", "a disk, below its file systems"),
    device("/dev/xvd", "a disk, below its file systems"),
    device("/dev/nvme", "a disk, below its file systems"),
    device("/dev/mmcblk", "a disk, below its file systems"),
    device("/dev/disk", "disks, below their file systems"),
    device("/dev/block", "disks, below their file systems"),
    device("/dev/mapper", "disks, below their file systems"),
    device("/dev/dm-", "a disk, below its file systems"),
    device("/dev/md", "a disk, below its file systems"),
    device("/dev/loop", "a mounted image, below its file system"),
    device("/dev/nbd", "a disk, below its file systems"),
    device("/dev/zram", "memory that was swapped out"),
    device("/dev/ram", "a disk, below its file systems"),
    device("/dev/mtd", "the firmware's memory"),
    device("/dev/sg", "a disk, by its commands"),
    device("/dev/bsg", "a disk, by its commands"),
    device("/dev/sr", "a disk, below its file systems"),
    // The kernel and its memory.
    device("/dev/mem", "the machine's memory"),
    device("/dev/kmem", "the kernel's memory"),
    device("/dev/port", "the machine's ports"),
    device("/dev/kmsg", "the kernel's messages"),
    device("/dev/cpu/", "the processors' registers"),
    device("/dev/nvram", "the firmware's settings"),
    device("/dev/mei", "the management engine"),
    device("/dev/tpm", "the keys of the machine"),
    // Devices that are handed to another driver, or to a virtual machine.
    device("/dev/vfio", "hardware, past the kernel"),
    device("/dev/vhost", "the kernel's part of virtual machines"),
    device("/dev/bus/usb", "every USB device"),
    // Hands and eyes.
    device("/dev/input", "every key typed"),
    device("/dev/uinput", "a keyboard that types into your desktop"),
    device("/dev/hidraw", "keyboards, mice and security keys"),
    device("/dev/uhid", "a keyboard that types into your desktop"),
    device("/dev/vcs", "what consoles show"),
    device("/dev/console", "the console"),
];
