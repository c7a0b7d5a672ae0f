"""System calls that fail: what a container or an old kernel refuses."""
import ctypes
import struct


def forbidding(calls, error):
    """What a child does before it becomes another program: these calls fail from then on (seccomp(2))."""
    def install():
        load_number, equal, give_back = 0x20, 0x15, 0x06
        allow, fail = 0x7fff0000, 0x00050000 | error
        program = [(load_number, 0, 0, 0)]
        program += [(equal, len(calls) - i, 0, number) for i, number in enumerate(calls)]
        program += [(give_back, 0, 0, allow), (give_back, 0, 0, fail)]
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in program))

        class Program(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
        libc = ctypes.CDLL(None, use_errno=True)
        no_new_privileges, set_seccomp, filter_mode = 38, 22, 2
        filtered = Program(len(program), ctypes.addressof(code))
        if libc.prctl(no_new_privileges, 1, 0, 0, 0) or libc.prctl(set_seccomp, filter_mode, ctypes.byref(filtered), 0, 0):
            raise OSError(ctypes.get_errno(), "seccomp")
    return install
