// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>

namespace acefs::principal {

/// What toml++ takes for impossible in a text.
struct Unforeseen : std::logic_error {
  using std::logic_error::logic_error;
};

// g++ 12 wants the throw in a function of its own, or warns of noexcept.
[[noreturn]] inline void unforeseen(const char* what) { throw Unforeseen(what); }

}  // namespace acefs::principal

// Such a text would end the daemon by an assertion ("[.a]", in toml++ 3.3), or without assertions be undefined behaviour.
#undef NDEBUG
#define TOML_ASSERT(expr) ((expr) ? static_cast<void>(0) : acefs::principal::unforeseen(#expr))
#include <toml++/toml.h>
