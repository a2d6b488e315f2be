// SPDX-License-Identifier: MIT
#include "principal/caller_intent.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <initializer_list>
#include <sstream>
#include <string>

namespace acefs::principal {
namespace {

/// The system call that /proc/PID/syscall tells of is the test's.
class CallerIntentTest : public ::testing::Test {
 protected:
  ~CallerIntentTest() override { look_at_threads_by(read_system_call); }

  static void is_in(long number, std::initializer_list<unsigned long> arguments, unsigned long stack = 0x7ffd12345678) {
    std::ostringstream text;
    text << number << std::hex;
    for (const unsigned long argument : arguments) text << " 0x" << argument;
    for (std::size_t i = arguments.size(); i < 6; ++i) text << " 0x0";
    text << " 0x" << stack << " 0x401000";
    look_at_threads_by([text = text.str()](pid_t) { return text; });
  }
  static Way way(long number, std::initializer_list<unsigned long> arguments) {
    is_in(number, arguments);
    return way_of(system_call_of(1));
  }
};

TEST_F(CallerIntentTest, CallsOfADescriptorComeByIt) {
  for (const long number : {SYS_fstat, SYS_read, SYS_pwrite64, SYS_fchmod, SYS_fsetxattr, SYS_ftruncate, SYS_getdents64, SYS_ioctl})
    EXPECT_EQ(way(number, {3}), Way::Descriptor) << number;
}

TEST_F(CallerIntentTest, CallsOfANameComeByAPath) {
  constexpr unsigned long kHere = static_cast<unsigned long>(AT_FDCWD);
  for (const long number : {SYS_openat, SYS_openat2, SYS_statx, SYS_fchownat, SYS_linkat, SYS_execveat, SYS_faccessat2, SYS_unlinkat})
    EXPECT_EQ(way(number, {kHere, 0x7f00}), Way::Path) << number;
  for (const long number : {SYS_execve, SYS_truncate, SYS_setxattr, SYS_lgetxattr, SYS_chdir})
    EXPECT_EQ(way(number, {0x7f00}), Way::Path) << number;
}

TEST_F(CallerIntentTest, WhatMayHaveEitherIsToldByItsFlags) {
  EXPECT_EQ(way(SYS_statx, {3, 0x7f00, AT_EMPTY_PATH}), Way::Descriptor);
  EXPECT_EQ(way(SYS_statx, {static_cast<unsigned>(AT_FDCWD), 0x7f00, AT_EMPTY_PATH}), Way::Path) << "there is one: a file is no directory";
  EXPECT_EQ(way(SYS_faccessat2, {3, 0x7f00, R_OK, AT_EMPTY_PATH}), Way::Descriptor);
  EXPECT_EQ(way(SYS_fchownat, {3, 0x7f00, 0, 0, AT_EMPTY_PATH}), Way::Descriptor);
  EXPECT_EQ(way(SYS_execveat, {3, 0x7f00, 0, 0, AT_EMPTY_PATH}), Way::Descriptor);
  EXPECT_EQ(way(SYS_utimensat, {3, 0, 0x7f00, 0}), Way::Descriptor) << "futimens(3)";
  EXPECT_EQ(way(SYS_utimensat, {3, 0x7f00, 0x7f00, 0}), Way::Path);
}

TEST_F(CallerIntentTest, WhatCannotBeToldIsUnknown) {
  look_at_threads_by([](pid_t) { return ""; });
  EXPECT_EQ(way_of(system_call_of(1)), Way::Unknown);
  look_at_threads_by([](pid_t) { return "running\n"; });
  EXPECT_EQ(way_of(system_call_of(1)), Way::Unknown);
  look_at_threads_by([](pid_t) { return "-1 0x7ffd 0x7f00\n"; });  // a page fault
  EXPECT_EQ(way_of(system_call_of(1)), Way::Unknown);
  EXPECT_EQ(way(SYS_io_uring_enter, {5, 1}), Way::Unknown);
  is_in(SYS_fstat, {3}, 0xffcc1234);
  EXPECT_EQ(way_of(system_call_of(1)), Way::Unknown) << "a 32-bit program's open(2)";
  is_in(SYS_read, {0}, 0);
  EXPECT_EQ(way_of(system_call_of(1)), Way::Descriptor) << "a thread of the kernel, which has a number";
  EXPECT_EQ(intent_of(1), Intent::Anything);
}

TEST_F(CallerIntentTest, AnOpeningIsForWhatItsFlagsSay) {
  const auto intent = [](unsigned long flags) {
    is_in(SYS_openat, {3, 0x7f00, flags});
    return intent_of(1);
  };
  EXPECT_EQ(intent(O_RDONLY), Intent::Read);
  EXPECT_EQ(intent(O_WRONLY), Intent::Write);
  EXPECT_EQ(intent(O_RDWR), Intent::Anything);
  EXPECT_EQ(intent(O_PATH), Intent::Anything) << "it may be opened for anything later";
  is_in(SYS_statx, {3, 0x7f00});
  EXPECT_EQ(intent_of(1), Intent::Name);
}

}  // namespace
}  // namespace acefs::principal
