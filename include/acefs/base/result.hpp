// SPDX-License-Identifier: MIT
#pragma once

#include <cerrno>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace acefs {

/// Outcome of a call that can be refused: success, or a positive errno.
class [[nodiscard]] Status {
 public:
  constexpr Status() = default;

  static constexpr Status ok() { return {}; }
  /// `error` is a positive errno; 0 means success.
  static constexpr Status from(int error) { return Status(error); }
  /// The calling thread's errno. Call on the line after the failing call, before anything formats.
  static Status last() { return Status(errno); }

  constexpr explicit operator bool() const { return error_ == 0; }
  constexpr int errno_value() const { return error_; }
  friend constexpr bool operator==(Status a, Status b) { return a.error_ == b.error_; }

 private:
  constexpr explicit Status(int error) : error_(error) {}
  int error_ = 0;
};

/// Why a text or a stored value was refused: what was expected, and where.
struct ParseError {
  std::string message;     ///< without the offset: "unknown permission 'z'"
  std::size_t offset = 0;  ///< byte offset into the input at which it went wrong
};

/// A value, or the reason why there is none. Our own, not std::expected: libstdc++ 12 has that for g++ only.
template <typename T, typename E = Status>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(E error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit on purpose

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }

  /// Only when there is no value.
  const E& error() const { return std::get<1>(state_); }
  /// The error as a Status; success when there is a value.
  Status status() const requires std::is_same_v<E, Status> { return *this ? Status::ok() : std::get<1>(state_); }

 private:
  std::variant<T, E> state_;
};

template <typename T>
using Parsed = Result<T, ParseError>;

}  // namespace acefs
