#pragma once

namespace duelio {

// An object's place in its List, which alone touches it.
template <class T>
struct Linked {
  T* previous = nullptr;
  T* next = nullptr;
};

// Knows objects that others own, without memory of its own. Used by one thread at a time.
template <class T>
class List {
 public:
  void insert(T& object) noexcept {
    object.previous = nullptr;
    object.next = first_;
    if (first_ != nullptr) first_->previous = &object;
    first_ = &object;
  }

  void remove(T& object) noexcept {
    (object.previous != nullptr ? object.previous->next : first_) = object.next;
    if (object.next != nullptr) object.next->previous = object.previous;
  }

  bool empty() const noexcept { return first_ == nullptr; }
  T& front() const noexcept { return *first_; }

  // visit(object) may remove that object.
  template <class Visit>
  void for_each(Visit visit) const {
    for (T* object = first_; object != nullptr;) {
      T* const next = object->next;
      visit(*object);
      object = next;
    }
  }

 private:
  T* first_ = nullptr;
};

}  // namespace duelio
