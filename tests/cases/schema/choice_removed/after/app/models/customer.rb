class Customer < ApplicationRecord
  def wants_mail?
    Mailing.wants?(self)
  end
end
